//! Erasing an account: its name and address become a tombstone; purchases and payments stay.
//!
//! **Each chain of the account gets an end, in one transaction**: the ledger a closing entry, the log of reservations a
//! closing in place of a further reservation, the unpaid orders a mark. Each stands under the condition that nothing
//! came since it was read, and each write to a chain demands in turn that it has no end. So a purchase, a top-up,
//! a hold or a grant comes before the erasure, which then is refused, or after it, and then is refused itself, although
//! access tokens live a few minutes longer. A place in a queue has no chain: it is only read. One taken at the very
//! moment leads nowhere, because no hold can be made with it, and ends by itself.

use jiff::Timestamp;
use onsale_domain::accounts::account::Email;
use onsale_domain::accounts::erasure::{InUse, check_reservations};
use onsale_domain::id::UserId;
use onsale_domain::orders::unpaid::Unpaid;
use onsale_domain::queue::QueueId;
use onsale_domain::queue::entry::EntryState;
use onsale_domain::reservations::log::ReservationLog;
use onsale_domain::wallet::cards::card_refund::CardRefundState;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::users::{self, Account, Read};
use crate::store::accounts::{grants, sessions};
use crate::store::dynamodb::item::{key_of, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::Transaction;
use crate::store::orders::{self, unpaid};
use crate::store::purchases::ExpiryOutcome;
use crate::store::queue::{self, entry_item};
use crate::store::reservations::{expire, log};
use crate::store::wallet::cards::{card_payment_item, card_refund_item};
use crate::store::wallet::{self, WalletRow, closing};

/// Most card payments and refunds of a user that are not at rest, and most places in queues: more are not looked at.
const LOOKED_AT_MAX: usize = 10_000;

/// Why an account was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseFailure {
    /// Something of it is not at its end.
    #[error(transparent)]
    InUse(#[from] InUse),
    /// The password was changed since it was looked at.
    #[error("the account has changed")]
    Changed,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Whether an account was erased; one that is just being erased is waited for.
///
/// # Errors
/// When the table fails.
pub async fn is_erased(app: &App, user: UserId) -> Result<bool, Failure> {
    let item = query::get_isolated(app, &keys::user(user)).await?;
    Ok(item.is_some_and(|item| item.contains_key(users::ERASED_AT)))
}

/// Erases an account, whose password was right when it was `authenticated`, and ends all its sessions, whose items
/// [`forget_sessions`] deletes. Again, it is a success.
///
/// # Errors
/// See [`EraseFailure`]; of several reasons the first in the order of [`InUse`].
pub async fn erase(app: &App, authenticated: &Account) -> Result<(), EraseFailure> {
    let user = authenticated.id;
    let mut attempts = Attempts::new(app);
    loop {
        // Read first: a role that is granted from now on changes its version.
        let (account, version) = match users::read(app, user).await? {
            None => return Err(EraseFailure::Changed),
            // By an earlier try, whose answer was lost, or by the same request, sent twice.
            Some(Read::Erased) => break,
            Some(Read::Account(account, version)) => (account, version),
        };
        if account.password_hash != authenticated.password_hash {
            return Err(EraseFailure::Changed);
        }
        let transaction = match plan(&attempts, &account, version).await {
            Ok(transaction) => transaction,
            // A chain has its end: the same request, sent twice, is being committed, and is waited for.
            Err(EraseFailure::Failure(Failure::Erased)) => {
                if is_erased(app, user).await? {
                    break;
                }
                attempts.wait().await?;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        match transaction.commit(app).await {
            Ok(()) => break,
            // A failed condition is stale: something came in between, or our own answer was lost. All is read again.
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
    Ok(())
}

/// Deletes what is left of the sessions of an erased account: where they came from is personal. They have ended already,
/// so one that is left over goes by its time to live.
pub async fn forget_sessions(app: &App, user: UserId) {
    if let Err(failure) = sessions::delete_all(app, user).await {
        tracing::warn!(%user, %failure, "ended sessions of an erased account are left to time to live");
    }
}

/// The writes of an erasure, if nothing stands in its way.
async fn plan(attempts: &Attempts<'_>, account: &Account, version: u64) -> Result<Transaction<()>, EraseFailure> {
    let (app, user) = (attempts.app, account.id);
    let now = app.now();
    // Each chain is guarded by itself, so they need not be read one after the other.
    let (row, log, unpaid, cards, place, roles) = tokio::try_join!(
        wallet::get_row(app, user),
        read_log(attempts, user, now),
        read_unpaid(app, user, now),
        find_card(app, user),
        find_queue_place(app, user, now),
        grants::of_user(app, user),
    )?;
    let open = row.as_ref().map(WalletRow::open).transpose()?;
    let closing = closing::writes(user, open, now, app.ids().uuid(now))?.ok_or(InUse::Balance)?;
    check_reservations(log.iter(), now)?;
    if !unpaid.open.is_empty() {
        return Err(InUse::Order.into());
    }
    if let Some(in_use) = cards.or(place).or((!roles.is_empty()).then_some(InUse::Role)) {
        return Err(in_use.into());
    }
    let email = Email::parse(&account.email).map_err(unreadable)?;
    let mut transaction = Transaction::new();
    users::erasing_writes(account, version, &app.config().account_address(&email), now)
        .into_iter()
        .for_each(|write| transaction.add((), write));
    closing.into_iter().for_each(|write| transaction.add((), write));
    transaction.add((), log::closing(user, &log, now));
    transaction.add((), unpaid::close(user, &unpaid, now));
    Ok(transaction)
}

/// The log of reservations, without any whose time has passed and which nobody has ended: a slower clock could pay it.
async fn read_log(attempts: &Attempts<'_>, user: UserId, now: Timestamp) -> Result<ReservationLog, Failure> {
    let log = log::read(attempts.of_another(), user).await?;
    let lapsed = log.lapsed(now);
    if lapsed.is_empty() {
        return Ok(log);
    }
    for reservation in &lapsed {
        expire::expire_for_another(attempts.of_another(), reservation).await?;
    }
    log::read(attempts.of_another(), user).await
}

/// The unpaid orders; those that have lapsed are ended on the spot.
async fn read_unpaid(app: &App, user: UserId, now: Timestamp) -> Result<Unpaid, Failure> {
    let key = keys::unpaid(user);
    let item = query::get(app, &key, Consistency::Strong).await?;
    if unpaid::is_closed(item.as_ref()) {
        return Err(Failure::Erased);
    }
    let read = unpaid::read(item.as_ref())?;
    let mut ended = false;
    for order in read.expired(now) {
        ended |= orders::expire(app, user, order).await? != ExpiryOutcome::Nothing;
    }
    if !ended {
        return Ok(read);
    }
    unpaid::read(query::get(app, &key, Consistency::Strong).await?.as_ref())
}

/// A card payment in progress, or a refund of one that is due. A payment for a purchase and its refund move the
/// ledger as well. A top-up that begins at this very moment does not: its money then comes into a wallet that is
/// closed, where the audit sees it.
async fn find_card(app: &App, user: UserId) -> Result<Option<InUse>, Failure> {
    let waiting = async |prefix| {
        let query = Query::partition(keys::user_partition(user), prefix).strong();
        query.filter("attribute_exists(expiry_shard)", Vec::new()).all(app, LOOKED_AT_MAX).await
    };
    let (payments, refunds) = tokio::try_join!(waiting(keys::CARD_PAYMENT_PREFIX), waiting(keys::CARD_REFUND_PREFIX))?;
    for item in payments {
        if !card_payment_item::read(item)?.state.is_at_rest() {
            return Ok(Some(InUse::CardPayment));
        }
    }
    for item in refunds {
        if card_refund_item::read(item)?.state == CardRefundState::Due {
            return Ok(Some(InUse::CardRefund));
        }
    }
    Ok(None)
}

/// A place in a queue that could still be used: of a queue that is there and calls people.
async fn find_queue_place(app: &App, user: UserId, now: Timestamp) -> Result<Option<InUse>, Failure> {
    let places = Query::partition(keys::user_partition(user), keys::TOKEN_PREFIX).strong();
    for item in places.all(app, LOOKED_AT_MAX).await? {
        let key = key_of(&item).ok_or_else(|| unreadable("the key of a queue token"))?;
        let id = key.sk.strip_prefix(keys::TOKEN_PREFIX).map(QueueId::parse);
        let id = id.and_then(Result::ok).ok_or_else(|| unreadable("the key of a queue token"))?;
        let Some(entry) = entry_item::read_entry(user, &id, item)? else { continue };
        let is_live = match entry.state_at(now) {
            EntryState::Admitted => true,
            EntryState::Waiting => {
                let queue = queue::get(app, &id).await?;
                queue.is_some_and(|queue| queue.settings.ends_at.is_none_or(|end| now < end))
            }
            EntryState::Used | EntryState::Expired | EntryState::Left => false,
        };
        if is_live {
            return Ok(Some(InUse::QueuePlace));
        }
    }
    Ok(None)
}
