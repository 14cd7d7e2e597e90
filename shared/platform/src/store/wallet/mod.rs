//! Wallets, which are their ledgers: the last entry has the balance. Money moves by putting the next entry, on condition
//! that nobody else has put it, in a transaction that also writes what explains it.

pub mod cards;
pub(crate) mod closing;
pub(crate) mod entries;

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use onsale_domain::id::UserId;
use onsale_domain::money::Amount;
use onsale_domain::wallet::{BalanceCap, Entry, EntryKind, Movement, MovementError, ToppedUp, Wallet};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::dynamodb::idempotency::{KeyReused, Once};
use crate::store::dynamodb::item::{Item, from_item, time, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, ListFailure, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};
use crate::store::views::Page;

/// What every entry says of the wallet after it; of the opening, entry 0, it is all that there is.
#[derive(Serialize, Deserialize)]
struct WalletItem {
    seq: u64,
    balance_after: i64,
    /// The day of the last top-up, in days since 1970 (UTC), and what was topped up on it.
    #[serde(default)]
    topped_up_on: i64,
    #[serde(default)]
    topped_up: i64,
    at: i64,
    /// Whether the account was erased: by this entry, or by one before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    closed: bool,
}

/// Entry 0: there is a wallet, and nothing in it yet.
#[derive(Serialize, Deserialize)]
struct OpeningItem {
    #[serde(flatten)]
    wallet: WalletItem,
    /// Id of the request that made it, by which that request knows its own work if the answer was lost.
    made_by: Uuid,
}

/// A wallet as its last entry leaves it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WalletRow {
    wallet: Wallet,
    topped_up: ToppedUp,
    /// Whether the account was erased.
    closed: bool,
}

impl WalletRow {
    fn read(item: Item) -> Result<Self, Failure> {
        let item: WalletItem = from_item(item)?;
        let wallet = Wallet { balance: item.balance_after, seq: item.seq };
        let topped_up = ToppedUp { day: item.topped_up_on, sum: item.topped_up };
        Ok(Self { wallet, topped_up, closed: item.closed })
    }

    /// The same, if its owner may still move money.
    ///
    /// # Errors
    /// [`Failure::Erased`] once the account was erased.
    pub(crate) fn open(&self) -> Result<&Self, Failure> {
        if self.closed { Err(Failure::Erased) } else { Ok(self) }
    }

    /// The wallet after another entry, and whose day of top-ups that entry leaves.
    fn after(self, wallet: Wallet, topped_up: ToppedUp) -> Self {
        Self { wallet, topped_up, ..self }
    }
}

#[derive(Serialize, Deserialize)]
struct EntryItem {
    #[serde(flatten)]
    wallet: WalletItem,
    kind: String,
    amount: i64,
    reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
    /// Digest of the idempotency key of a payment, so that its reuse is noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// The receipt of what a user did with the wallet by itself, or of an administrator's credit.
#[derive(Serialize, Deserialize)]
struct ChargeItem {
    /// `charge`, `credit` or `spend`.
    kind: String,
    amount: i64,
    at: i64,
    fingerprint: String,
    /// The wallet after it: whoever sees the receipt need not see the entry yet.
    seq: u64,
    balance_after: i64,
}

/// The last entries in which a key of a payment is looked for.
pub(crate) const RECENT_ENTRIES_MAX: i32 = 16;

/// Makes an empty wallet where there is none.
///
/// # Errors
/// When the table fails.
pub async fn create(app: &App, user: UserId) -> Result<Once<Wallet>, Failure> {
    let now = app.now();
    let made_by = app.ids().uuid(now);
    match opening_write(user, made_by, now)?.run(app, ReturnValue::None).await {
        Ok(_) => Ok(Once::New(Wallet::EMPTY)),
        Err(Rejected::Guards(failed)) => {
            let there = failed.into_iter().find_map(|failed| failed.old).ok_or(Failure::Unknown)?;
            let ours = from_item::<OpeningItem>(there)?.made_by == made_by;
            let wallet = get(app, user).await?.ok_or(Failure::Unknown)?;
            Ok(if ours { Once::New(wallet) } else { Once::Existing(wallet) })
        }
        Err(rejected) => Err(rejected.into_failure()),
    }
}

/// The write of entry 0, which `made_by` makes.
fn opening_write(user: UserId, made_by: Uuid, at: Timestamp) -> Result<Write, Failure> {
    let at = at.as_millisecond();
    let empty = WalletItem { seq: 0, balance_after: 0, topped_up_on: 0, topped_up: 0, at, closed: false };
    Ok(Write::create(to_item(&keys::opening(user), &OpeningItem { wallet: empty, made_by })?))
}

/// The wallet of a user.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, user: UserId) -> Result<Option<Wallet>, Failure> {
    Ok(get_row(app, user).await?.map(|row| row.wallet))
}

/// The wallet of a user as its last entry leaves it.
pub(crate) async fn get_row(app: &App, user: UserId) -> Result<Option<WalletRow>, Failure> {
    let (mut last, _) = newest_entries(user).page(app, 1, None).await?;
    last.pop().map(WalletRow::read).transpose()
}

/// The wallet of a user, with the keys of those payments that are among its last [`RECENT_ENTRIES_MAX`] entries.
pub(crate) async fn get_with_keys(app: &App, user: UserId) -> Result<Option<(WalletRow, Vec<String>)>, Failure> {
    let (entries, _) = newest_entries(user).page(app, RECENT_ENTRIES_MAX, None).await?;
    let key = |entry: &Item| entry.get("key").and_then(|key| key.as_s().ok()).cloned();
    let keys = entries.iter().filter_map(key).collect();
    Ok(entries.into_iter().next().map(WalletRow::read).transpose()?.map(|row| (row, keys)))
}

fn newest_entries(user: UserId) -> Query {
    Query::partition(keys::user_partition(user), keys::ENTRY_PREFIX).newest_first().strong()
}

/// The write of a new entry, on condition that no other movement has its number. It leaves the wallet as `after` says,
/// and remembers the `key` of a payment.
fn entry_write(user: UserId, entry: &Entry, after: &WalletRow, key: Option<&str>) -> Result<Write, Failure> {
    let item = EntryItem {
        wallet: WalletItem {
            seq: entry.seq,
            balance_after: entry.balance_after,
            topped_up_on: after.topped_up.day,
            topped_up: after.topped_up.sum,
            at: entry.at.as_millisecond(),
            closed: after.closed,
        },
        kind: entry.kind.as_str().to_owned(),
        amount: entry.amount,
        reference: entry.reference.clone(),
        memo: entry.memo.clone(),
        key: key.map(str::to_owned),
    };
    Ok(Write::create(to_item(&keys::entry(user, entry.seq), &item)?))
}

/// The debit of a purchase.
pub(crate) struct Debit {
    entry: Entry,
    after: WalletRow,
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

/// The debit of paying `total` from a wallet; none, if it costs nothing: then no wallet is needed, and no entry is made.
///
/// # Errors
/// Without a wallet, or with too little in it.
pub(crate) fn debit(
    row: Option<&WalletRow>,
    total: i64,
    at: Timestamp,
    payment_id: String,
) -> Result<Option<Debit>, DebitFailure> {
    let Some(amount) = Amount::unless_zero(total).map_err(unreadable)? else { return Ok(None) };
    let before = row.ok_or(DebitFailure::NoWallet)?.open()?;
    let (wallet, entry) = before.wallet.pay(amount, at, payment_id).map_err(|_| DebitFailure::InsufficientBalance)?;
    Ok(Some(Debit { entry, after: before.after(wallet, before.topped_up) }))
}

impl Debit {
    /// Its entry, which remembers `key`.
    pub(crate) fn write(&self, user: UserId, key: Option<&str>) -> Result<Write, Failure> {
        entry_write(user, &self.entry, &self.after, key)
    }
}

/// The entry that puts `back` minor units of a payment back, if there are any: what cost nothing was paid from no
/// wallet, and leaves no entry. It always fits, for the cap binds what comes in from outside.
pub(crate) fn credit_write(
    user: UserId,
    row: Option<&WalletRow>,
    back: i64,
    at: Timestamp,
    reference: String,
) -> Result<Option<Write>, Failure> {
    let Some(back) = Amount::unless_zero(back).map_err(unreadable)? else { return Ok(None) };
    let before = row.ok_or_else(|| Failure::Internal(format!("{reference} was paid from no wallet")))?;
    let refunded = before.open()?.wallet.refund(back, at, reference);
    let (wallet, entry) = refunded.ok_or_else(|| Failure::Internal("a balance beyond counting".to_owned()))?;
    entry_write(user, &entry, &before.after(wallet, before.topped_up), None).map(Some)
}

/// Why money did not move.
#[derive(Debug, thiserror::Error)]
pub enum MovementFailure {
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
    EntryNew,
    Logged,
}

/// Why a wallet was not credited.
#[derive(Debug, thiserror::Error)]
pub enum CreditFailure {
    /// There is no such user, or the user has no wallet.
    #[error("no wallet")]
    NoWallet,
    /// The user's account was erased.
    #[error("the account was erased")]
    Erased,
    /// See [`BalanceCap`].
    #[error(transparent)]
    BalanceCap(#[from] BalanceCap),
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<MovementFailure> for CreditFailure {
    fn from(failure: MovementFailure) -> Self {
        match failure {
            MovementFailure::NoWallet => Self::NoWallet,
            MovementFailure::Refused(MovementError::BalanceCap(cap)) => cap.into(),
            MovementFailure::Refused(refused) => Failure::Internal(format!("a credit was refused: {refused}")).into(),
            MovementFailure::KeyReused(reused) => reused.into(),
            MovementFailure::Failure(Failure::Erased) => Self::Erased,
            MovementFailure::Failure(failure) => failure.into(),
        }
    }
}

/// Credits a wallet under the id `charge`, once however often an administrator asks for it, and logs the action; gives
/// the balance. A credit counts towards no limit of a day.
///
/// # Errors
/// See [`CreditFailure`].
pub async fn credit(
    app: &App,
    user: UserId,
    charge: Uuid,
    (amount, reason): (Amount, String),
    fingerprint: &str,
    action: &AdminAction,
) -> Result<Once<i64>, CreditFailure> {
    let credit = Movement::Credit { amount, reason };
    Ok(carry_out_logged(app, user, charge, &credit, fingerprint, Some(action)).await?)
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
) -> Result<Once<i64>, MovementFailure> {
    carry_out_logged(app, user, charge, wanted, fingerprint, None).await
}

/// Carries a movement out, with the log entry of the administrator's action that it is.
async fn carry_out_logged(
    app: &App,
    user: UserId,
    charge: Uuid,
    wanted: &Movement,
    fingerprint: &str,
    action: Option<&AdminAction>,
) -> Result<Once<i64>, MovementFailure> {
    let mut attempts = Attempts::new(app);
    loop {
        let row = get_row(app, user).await?.ok_or(MovementFailure::NoWallet)?;
        let now = app.now();
        let moved = match row.open() {
            Ok(row) => apply_movement(row, wanted, now, charge).map_err(MovementFailure::from),
            Err(erased) => Err(erased.into()),
        };
        let (after, entry, topped_up) = match moved {
            Ok(moved) => moved,
            // It may be this very movement that leaves no room for another: look before refusing.
            Err(refused) => return find_replay(&attempts, user, charge, fingerprint).await?.ok_or(refused),
        };
        let receipt = ChargeItem {
            kind: wanted.kind().as_str().to_owned(),
            amount: wanted.amount().get(),
            at: now.as_millisecond(),
            fingerprint: fingerprint.to_owned(),
            seq: after.seq,
            balance_after: after.balance,
        };
        let mut transaction = Transaction::new();
        transaction.add(Guard::ChargeNew, Write::create(to_item(&keys::charge(user, charge), &receipt)?));
        transaction.add(Guard::EntryNew, entry_write(user, &entry, &row.after(after, topped_up), None)?);
        if let Some(action) = action {
            transaction.add(Guard::Logged, action.write(app)?);
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(Once::New(after.balance)),
            Err(Rejected::Guards(failed)) if failed[0].guard == Guard::ChargeNew => {
                return find_replay(&attempts, user, charge, fingerprint).await?.ok_or(Failure::Unknown.into());
            }
            // Another movement came first, and others perhaps since: the last one is what to start from.
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Whether a top-up of so much would be refused now.
pub(crate) async fn may_top_up(app: &App, user: UserId, amount: Amount) -> Result<(), MovementFailure> {
    let row = get_row(app, user).await?.unwrap_or_default();
    apply_movement(row.open()?, &Movement::TopUp(amount), app.now(), Uuid::nil())?;
    Ok(())
}

/// The wallet after a movement, its entry, and the top-ups of the day.
fn apply_movement(
    before: &WalletRow,
    wanted: &Movement,
    now: Timestamp,
    charge: Uuid,
) -> Result<(Wallet, Entry, ToppedUp), MovementError> {
    let (after, entry) = before.wallet.apply(wanted, now, charge.to_string())?;
    let topped_up = match wanted {
        Movement::TopUp(amount) => before.topped_up.add(*amount, now)?,
        Movement::Credit { .. } | Movement::Spend { .. } => before.topped_up,
    };
    Ok((after, entry, topped_up))
}

/// The movement as it stands, if it has been carried out: by an earlier request, or by an earlier try of this one. One
/// that is just being carried out is waited for.
async fn find_replay(
    attempts: &Attempts<'_>,
    user: UserId,
    charge: Uuid,
    fingerprint: &str,
) -> Result<Option<Once<i64>>, MovementFailure> {
    let app = attempts.app;
    let Some(receipt) = query::get_isolated(app, &keys::charge(user, charge)).await? else { return Ok(None) };
    let receipt: ChargeItem = from_item(receipt)?;
    if receipt.fingerprint != fingerprint {
        return Err(KeyReused.into());
    }
    let now = get(app, user).await?.ok_or(MovementFailure::NoWallet)?;
    let balance = if now.seq < receipt.seq { receipt.balance_after } else { now.balance };
    // A try that was refused wrote nothing: only one whose answer was lost may be ours.
    Ok(Some(Once::from_existing(balance, attempts.answer_lost)))
}

/// A page of a user's entries, newest first.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn entries(app: &App, user: UserId, limit: u16, cursor: Option<&str>) -> Result<Page<Entry>, ListFailure> {
    let query = Query::between(&keys::entry(user, 1), &keys::entry(user, u64::MAX)).newest_first().strong();
    query.list(app, limit, cursor, query::map_each(read_entry)).await
}

/// The wallet that entry 0 opens.
pub(crate) fn read_opening(item: Item) -> Result<Wallet, Failure> {
    let opening: OpeningItem = from_item(item)?;
    Ok(Wallet { balance: opening.wallet.balance_after, seq: opening.wallet.seq })
}

/// An entry as it lies in the table.
pub(crate) fn read_entry(item: Item) -> Result<Entry, Failure> {
    let item: EntryItem = from_item(item)?;
    Ok(Entry {
        seq: item.wallet.seq,
        kind: EntryKind::parse(&item.kind).ok_or_else(|| unreadable("kind"))?,
        amount: item.amount,
        balance_after: item.wallet.balance_after,
        at: time(item.wallet.at)?,
        reference: item.reference,
        memo: item.memo,
    })
}
