//! Wallets and their ledgers. Money moves only in transactions that also write what explains it.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use onsale_domain::wallet::{Entry, EntryKind, Movement, MovementError, Wallet};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::item::{Item, from_item, number, to_item, unreadable};
use super::read::{self, Consistency, ListError, Page, Query};
use super::table;
use super::write::{FailedGuard, Rejected, Transaction, Write};
use super::{Attempts, Failure};
use crate::app::App;

#[derive(Serialize, Deserialize)]
struct WalletItem {
    balance: i64,
    seq: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent_keys: Vec<String>,
    created_at: i64,
    /// Id of the request that made it, by which that request knows its own work if the answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_by: Option<Uuid>,
}

/// A wallet as kept: with digests of the keys of its last payments, so that a reused key is noticed.
#[derive(Clone, Debug)]
pub(crate) struct KeptWallet {
    pub wallet: Wallet,
    pub recent_keys: Vec<String>,
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

/// Makes an empty wallet; `true` when it was not there before.
///
/// # Errors
/// When the table fails.
pub async fn create(app: &App, user: Uuid) -> Result<(Wallet, bool), Failure> {
    let now = app.now();
    let made_by = Some(app.ids().uuid(now));
    let empty = WalletItem { balance: 0, seq: 0, recent_keys: Vec::new(), created_at: now.as_millisecond(), made_by };
    match Write::create(to_item(&table::wallet(user), &empty)?).run(app, ReturnValue::None).await {
        Ok(_) => Ok((Wallet::EMPTY, true)),
        Err(Rejected::Guards(_)) => {
            let item = read::get(app, &table::wallet(user), Consistency::Strong).await?.ok_or(Failure::Unknown)?;
            let there: WalletItem = from_item(item)?;
            Ok((Wallet { balance: there.balance, seq: there.seq }, there.made_by == made_by))
        }
        Err(rejected) => Err(rejected.into_failure()),
    }
}

/// The wallet of a user.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, user: Uuid) -> Result<Option<Wallet>, Failure> {
    let item = read::get(app, &table::wallet(user), Consistency::Strong).await?;
    Ok(item.map(kept).transpose()?.map(|kept| kept.wallet))
}

pub(crate) fn kept(item: Item) -> Result<KeptWallet, Failure> {
    let item: WalletItem = from_item(item)?;
    let wallet = Wallet { balance: item.balance, seq: item.seq };
    Ok(KeptWallet { wallet, recent_keys: item.recent_keys })
}

/// The two writes of a movement: the wallet from `before`, and the entry.
pub(crate) fn movement(
    user: Uuid,
    before: Wallet,
    after: Wallet,
    entry: &Entry,
    recent_keys: Option<AttributeValue>,
) -> Result<(Write, Write), Failure> {
    let expression = match recent_keys {
        Some(_) => "SET balance = :balance, seq = :seq, recent_keys = :recent_keys",
        None => "SET balance = :balance, seq = :seq",
    };
    let mut wallet = Write::update(&table::wallet(user), expression)
        .when("seq = :read_seq")
        .value(":balance", number(after.balance))
        .value(":seq", number(after.seq))
        .value(":read_seq", number(before.seq));
    if let Some(keys) = recent_keys {
        wallet = wallet.value(":recent_keys", keys);
    }
    let entry_item = EntryItem {
        seq: entry.seq,
        kind: entry.kind.as_str().to_owned(),
        amount: entry.amount,
        balance_after: entry.balance_after,
        at: entry.at.as_millisecond(),
        reference: entry.reference.clone(),
        memo: entry.memo.clone(),
    };
    Ok((wallet, Write::create(to_item(&table::entry(user, entry.seq), &entry_item)?)))
}

/// A movement that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The balance now.
    pub balance: i64,
    /// Whether it had been carried out before, under the same key.
    pub replayed: bool,
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
    #[error("key reused")]
    KeyReused,
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

/// Carries a movement of a wallet out under the id `charge`, once however often it is asked for.
///
/// # Errors
/// Without a wallet, above the cap, with too small a balance, or when the id exists with another fingerprint.
pub async fn carry_out(
    app: &App,
    user: Uuid,
    charge: Uuid,
    wanted: &Movement,
    fingerprint: &str,
) -> Result<Moved, MoveFailure> {
    let mut attempts = Attempts::new(app);
    let mut wallet = get(app, user).await?.ok_or(MoveFailure::NoWallet)?;
    loop {
        let now = app.now();
        let (after, entry) = match wallet.after(wanted, now, charge.to_string()) {
            Ok(moved) => moved,
            // It may be this very movement that leaves no room for another: look before refusing.
            Err(refused) => return repeated(&attempts, user, charge, fingerprint).await?.ok_or(refused.into()),
        };
        let receipt = ChargeItem {
            kind: wanted.kind().as_str().to_owned(),
            amount: wanted.amount().get(),
            at: now.as_millisecond(),
            fingerprint: fingerprint.to_owned(),
        };
        let (wallet_write, entry_write) = movement(user, wallet, after, &entry, None)?;
        let mut transaction = Transaction::new();
        transaction.add(Guard::ChargeNew, Write::create(to_item(&table::charge(user, charge), &receipt)?));
        transaction.add(Guard::WalletSeq, wallet_write);
        transaction.add(Guard::EntryNew, entry_write);
        match transaction.commit(app).await {
            Ok(()) => return Ok(Moved { balance: after.balance, replayed: false }),
            Err(Rejected::Guards(failed)) if failed[0].guard == Guard::ChargeNew => {
                return repeated(&attempts, user, charge, fingerprint).await?.ok_or(Failure::Unknown.into());
            }
            // Another movement came first; the wallet as it was then is what to start from.
            Err(Rejected::Guards(failed)) => {
                attempts.again().await?;
                wallet = match seen(failed)? {
                    Some(seen) => seen,
                    None => get(app, user).await?.ok_or(MoveFailure::NoWallet)?,
                };
            }
            Err(rejected) => {
                attempts.again_after(&rejected).await?;
                wallet = get(app, user).await?.ok_or(MoveFailure::NoWallet)?;
            }
        }
    }
}

fn seen(failed: Vec<FailedGuard<Guard>>) -> Result<Option<Wallet>, Failure> {
    let wallet = failed.into_iter().find(|failed| failed.guard == Guard::WalletSeq).and_then(|failed| failed.old);
    Ok(wallet.map(kept).transpose()?.map(|kept| kept.wallet))
}

/// The movement as it stands, if it has been carried out: by an earlier request, or by an earlier try of this one. One
/// that is just being carried out is waited for, so that its receipt and the balance are of one instant.
async fn repeated(
    attempts: &Attempts<'_>,
    user: Uuid,
    charge: Uuid,
    fingerprint: &str,
) -> Result<Option<Moved>, MoveFailure> {
    let app = attempts.app;
    let mut found = read::get_together(app, &[table::charge(user, charge), table::wallet(user)]).await?.into_iter();
    let (receipt, wallet) = (found.next().flatten(), found.next().flatten());
    let Some(receipt) = receipt else { return Ok(None) };
    if from_item::<ChargeItem>(receipt)?.fingerprint != fingerprint {
        return Err(MoveFailure::KeyReused);
    }
    let balance = wallet.map(kept).transpose()?.ok_or(MoveFailure::NoWallet)?.wallet.balance;
    Ok(Some(Moved { balance, replayed: attempts.made == 0 }))
}

/// A page of a user's entries, newest first.
///
/// # Errors
/// [`ListError::Cursor`] when the cursor is not of this list.
pub async fn entries(app: &App, user: Uuid, limit: u16, cursor: Option<&str>) -> Result<Page<Entry>, ListError> {
    let query = Query::partition(table::user_partition(user), table::ENTRY_PREFIX).newest_first().strong();
    query.listed(app, limit, cursor, read::each(read_entry)).await
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
        at: Timestamp::from_millisecond(item.at).map_err(unreadable)?,
        reference: item.reference,
        memo: item.memo,
    })
}
