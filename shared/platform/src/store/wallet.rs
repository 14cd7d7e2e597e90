//! Wallets and their ledgers. Money moves only in transactions that also write what explains it.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use onsale_domain::id::UserId;
use onsale_domain::money::Amount;
use onsale_domain::wallet::{Entry, EntryKind, Movement, MovementError, ToppedUp, Wallet};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::idempotency::{KeyReused, Once};
use crate::store::dynamodb::item::{Item, from_item, number, time, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, ListFailure, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction, Write};
use crate::store::views::Page;

#[derive(Serialize, Deserialize)]
struct WalletItem {
    balance: i64,
    seq: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent_keys: Vec<String>,
    /// The day of the last top-up, in days since 1970 (UTC), and what was topped up on it.
    #[serde(default)]
    topped_up_on: i64,
    #[serde(default)]
    topped_up: i64,
    created_at: i64,
    /// Id of the request that made it, by which that request knows its own work if the answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_by: Option<Uuid>,
}

/// A wallet as kept: with digests of the keys of its last payments, so that a reused key is noticed, and with what was
/// topped up on a day.
#[derive(Clone, Debug)]
pub(crate) struct WalletRow {
    pub wallet: Wallet,
    pub recent_keys: Vec<String>,
    pub topped_up: ToppedUp,
}

#[derive(Serialize, Deserialize)]
struct EntryItem {
    seq: u64,
    kind: String,
    amount: i64,
    balance_after: i64,
    at: i64,
    reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
}

/// The receipt of what a user did with the wallet by itself.
#[derive(Serialize, Deserialize)]
struct ChargeItem {
    /// `charge` or `spend`.
    kind: String,
    amount: i64,
    at: i64,
    fingerprint: String,
}

/// Keys of payments that a wallet remembers.
pub(crate) const RECENT_KEYS_MAX: usize = 16;

/// Makes an empty wallet where there is none.
///
/// # Errors
/// When the table fails.
pub async fn create(app: &App, user: UserId) -> Result<Once<Wallet>, Failure> {
    let now = app.now();
    let made_by = Some(app.ids().uuid(now));
    let empty = WalletItem {
        balance: 0,
        seq: 0,
        recent_keys: Vec::new(),
        topped_up_on: 0,
        topped_up: 0,
        created_at: now.as_millisecond(),
        made_by,
    };
    match Write::create(to_item(&keys::wallet(user), &empty)?).run(app, ReturnValue::None).await {
        Ok(_) => Ok(Once::New(Wallet::EMPTY)),
        Err(Rejected::Guards(_)) => {
            let item = query::get(app, &keys::wallet(user), Consistency::Strong).await?.ok_or(Failure::Unknown)?;
            let there: WalletItem = from_item(item)?;
            let wallet = Wallet { balance: there.balance, seq: there.seq };
            Ok(if there.made_by == made_by { Once::New(wallet) } else { Once::Existing(wallet) })
        }
        Err(rejected) => Err(rejected.into_failure()),
    }
}

/// The wallet of a user.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, user: UserId) -> Result<Option<Wallet>, Failure> {
    Ok(get_row(app, user).await?.map(|kept| kept.wallet))
}

async fn get_row(app: &App, user: UserId) -> Result<Option<WalletRow>, Failure> {
    query::get(app, &keys::wallet(user), Consistency::Strong).await?.map(read_row).transpose()
}

pub(crate) fn read_row(item: Item) -> Result<WalletRow, Failure> {
    let item: WalletItem = from_item(item)?;
    let wallet = Wallet { balance: item.balance, seq: item.seq };
    let topped_up = ToppedUp { day: item.topped_up_on, sum: item.topped_up };
    Ok(WalletRow { wallet, recent_keys: item.recent_keys, topped_up })
}

/// The change by a movement of a wallet besides balance and `seq`.
pub(crate) enum Beside {
    /// Nothing.
    Nothing,
    /// The keys of payments that it remembers from now on.
    Keys(AttributeValue),
    /// The top-ups of the day.
    ToppedUp(ToppedUp),
}

/// The two writes of a movement: the wallet from `before`, and the entry.
pub(crate) fn movement(
    user: UserId,
    before: Wallet,
    after: Wallet,
    entry: &Entry,
    beside: Beside,
) -> Result<(Write, Write), Failure> {
    let wallet = Write::update(&keys::wallet(user))
        .set("balance", number(after.balance))
        .set("seq", number(after.seq))
        .when("seq = :read_seq")
        .value(":read_seq", number(before.seq));
    let wallet = match beside {
        Beside::Nothing => wallet,
        Beside::Keys(keys) => wallet.set("recent_keys", keys),
        Beside::ToppedUp(topped_up) => {
            wallet.set("topped_up_on", number(topped_up.day)).set("topped_up", number(topped_up.sum))
        }
    };
    let entry_item = EntryItem {
        seq: entry.seq,
        kind: entry.kind.as_str().to_owned(),
        amount: entry.amount,
        balance_after: entry.balance_after,
        at: entry.at.as_millisecond(),
        reference: entry.reference.clone(),
        memo: entry.memo.clone(),
    };
    Ok((wallet, Write::create(to_item(&keys::entry(user, entry.seq), &entry_item)?)))
}

/// The debit of a purchase.
pub(crate) struct Debit {
    before: Wallet,
    after: Wallet,
    entry: Entry,
}

/// Why a purchase cannot be paid from a wallet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DebitFailure {
    /// There is none.
    #[error("no wallet")]
    NoWallet,
    /// There is too little in it.
    #[error("insufficient balance")]
    InsufficientBalance,
    /// The purchase costs what nothing may cost.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// The debit of paying `total` from `wallet`; none, if it costs nothing: then no wallet is needed, none is written to,
/// and no entry is made.
///
/// # Errors
/// Without a wallet, or with too little in it.
pub(crate) fn debit(
    wallet: Option<Wallet>,
    total: i64,
    at: Timestamp,
    payment_id: String,
) -> Result<Option<Debit>, DebitFailure> {
    let Some(amount) = Amount::unless_zero(total).map_err(unreadable)? else { return Ok(None) };
    let before = wallet.ok_or(DebitFailure::NoWallet)?;
    let paid = before.pay(amount, at, payment_id).map_err(|_| DebitFailure::InsufficientBalance)?;
    Ok(Some(Debit { before, after: paid.0, entry: paid.1 }))
}

impl Debit {
    /// Its two writes: the wallet and the entry.
    pub(crate) fn writes(&self, user: UserId, beside: Beside) -> Result<(Write, Write), Failure> {
        movement(user, self.before, self.after, &self.entry, beside)
    }
}

/// Why money did not move.
#[derive(Debug, thiserror::Error)]
pub enum MoveFailure {
    /// The user has no wallet.
    #[error("no wallet")]
    NoWallet,
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] MovementError),
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    ChargeNew,
    WalletSeq,
    EntryNew,
}

/// Carries a movement of a wallet out under the id `charge`, once however often it is asked for; gives the balance.
///
/// # Errors
/// Without a wallet, above the cap or the limit of a day, with too small a balance, or when the id exists with another
/// fingerprint.
pub async fn carry_out(
    app: &App,
    user: UserId,
    charge: Uuid,
    wanted: &Movement,
    fingerprint: &str,
) -> Result<Once<i64>, MoveFailure> {
    let mut attempts = Attempts::new(app);
    let mut wallet = get_row(app, user).await?.ok_or(MoveFailure::NoWallet)?;
    loop {
        let now = app.now();
        let (after, entry, beside) = match apply_movement(&wallet, wanted, now, charge) {
            Ok(moved) => moved,
            // It may be this very movement that leaves no room for another: look before refusing.
            Err(refused) => return find_replay(&attempts, user, charge, fingerprint).await?.ok_or(refused.into()),
        };
        let receipt = ChargeItem {
            kind: wanted.kind().as_str().to_owned(),
            amount: wanted.amount().get(),
            at: now.as_millisecond(),
            fingerprint: fingerprint.to_owned(),
        };
        let (wallet_write, entry_write) = movement(user, wallet.wallet, after, &entry, beside)?;
        let mut transaction = Transaction::new();
        transaction.add(Guard::ChargeNew, Write::create(to_item(&keys::charge(user, charge), &receipt)?));
        transaction.add(Guard::WalletSeq, wallet_write);
        transaction.add(Guard::EntryNew, entry_write);
        match transaction.commit(app).await {
            Ok(()) => return Ok(Once::New(after.balance)),
            Err(Rejected::Guards(failed)) if failed[0].guard == Guard::ChargeNew => {
                return find_replay(&attempts, user, charge, fingerprint).await?.ok_or(Failure::Unknown.into());
            }
            // Another movement came first; the wallet as it was then is what to start from.
            Err(Rejected::Guards(failed)) => {
                attempts.wait().await?;
                wallet = match old_row(failed)? {
                    Some(seen) => seen,
                    None => get_row(app, user).await?.ok_or(MoveFailure::NoWallet)?,
                };
            }
            Err(rejected) => {
                attempts.wait_after(&rejected).await?;
                wallet = get_row(app, user).await?.ok_or(MoveFailure::NoWallet)?;
            }
        }
    }
}

/// The wallet after a movement, its entry, and what else of the wallet changes.
fn apply_movement(
    before: &WalletRow,
    wanted: &Movement,
    now: Timestamp,
    charge: Uuid,
) -> Result<(Wallet, Entry, Beside), MovementError> {
    let (after, entry) = before.wallet.apply(wanted, now, charge.to_string())?;
    let beside = match wanted {
        Movement::TopUp(amount) => Beside::ToppedUp(before.topped_up.add(*amount, now)?),
        Movement::Spend { .. } => Beside::Nothing,
    };
    Ok((after, entry, beside))
}

fn old_row(failed: Vec<FailedGuard<Guard>>) -> Result<Option<WalletRow>, Failure> {
    let wallet = failed.into_iter().find(|failed| failed.guard == Guard::WalletSeq).and_then(|failed| failed.old);
    wallet.map(read_row).transpose()
}

/// The movement as it stands, if it has been carried out: by an earlier request, or by an earlier try of this one. One
/// that is just being carried out is waited for, so that its receipt and the balance are of one instant.
async fn find_replay(
    attempts: &Attempts<'_>,
    user: UserId,
    charge: Uuid,
    fingerprint: &str,
) -> Result<Option<Once<i64>>, MoveFailure> {
    let app = attempts.app;
    let mut found = query::get_together(app, &[keys::charge(user, charge), keys::wallet(user)]).await?.into_iter();
    let (receipt, wallet) = (found.next().flatten(), found.next().flatten());
    let Some(receipt) = receipt else { return Ok(None) };
    if from_item::<ChargeItem>(receipt)?.fingerprint != fingerprint {
        return Err(KeyReused.into());
    }
    let balance = wallet.map(read_row).transpose()?.ok_or(MoveFailure::NoWallet)?.wallet.balance;
    Ok(Some(Once::from_existing(balance, attempts.made > 0)))
}

/// A page of a user's entries, newest first.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn entries(app: &App, user: UserId, limit: u16, cursor: Option<&str>) -> Result<Page<Entry>, ListFailure> {
    let query = Query::partition(keys::user_partition(user), keys::ENTRY_PREFIX).newest_first().strong();
    query.list(app, limit, cursor, query::map_each(read_entry)).await
}

/// An entry as it lies in the table.
pub(crate) fn read_entry(item: Item) -> Result<Entry, Failure> {
    from_item::<EntryItem>(item).and_then(entry)
}

fn entry(item: EntryItem) -> Result<Entry, Failure> {
    Ok(Entry {
        seq: item.seq,
        kind: EntryKind::parse(&item.kind).ok_or_else(|| unreadable("kind"))?,
        amount: item.amount,
        balance_after: item.balance_after,
        at: time(item.at)?,
        reference: item.reference,
        memo: item.memo,
    })
}
