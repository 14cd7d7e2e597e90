//! Giving a payment back: money, and with it seats, or stock and coupon, change together or not at all.

use onsale_domain::id::{OrderId, ReservationId, UserId};
use onsale_domain::money::Amount;
use onsale_domain::orders::order::Order;
use onsale_domain::purchases::purchase::PurchaseState;
use onsale_domain::reservations::reservation::{ConcertStarted, Reservation};
use onsale_domain::seats::SeatId;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::unreadable;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction};
use crate::store::orders::give_back_transaction;
use crate::store::payments::pay::Payable;
use crate::store::purchases::guard::Guard;
use crate::store::reservations::cancel::unsell_transaction;
use crate::store::tickets::door::AfterScan;
use crate::store::wallet::{self, cards, credit_write};

/// Why a payment was not given back.
#[derive(Debug, thiserror::Error)]
pub enum RefundFailure {
    /// The user has no such payment.
    #[error("not found")]
    NotFound,
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] ConcertStarted),
    /// Somebody has come in with a ticket of it.
    #[error("a ticket was scanned")]
    Scanned,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Gives the payment of an order back. What was given back before stays so, and is a success.
///
/// # Errors
/// See [`RefundFailure`].
pub async fn order(app: &App, user: UserId, id: OrderId) -> Result<Order, RefundFailure> {
    let decide = |read: Order| Ok(read.refunded());
    refund(app, user, id, decide, |read, after| give_back_transaction(read, after, Some(EventKind::PaymentCancelled)))
        .await
}

/// Gives the payment of a reservation back, before its concert starts. What was given back before stays so, and is a
/// success.
///
/// # Errors
/// See [`RefundFailure`].
pub async fn reservation(app: &App, user: UserId, id: ReservationId) -> Result<Reservation, RefundFailure> {
    let decide = |read: Reservation| read.refunded(app.now());
    refund(app, user, id, decide, |read, after| take_back(app, read, after, None)).await
}

/// Gives one ticket of a paid reservation back, and its price, before its concert starts. What was given back before
/// stays so, and is a success.
///
/// # Errors
/// See [`RefundFailure`].
pub async fn ticket(app: &App, user: UserId, id: ReservationId, seat: &SeatId) -> Result<Reservation, RefundFailure> {
    let decide = |read: Reservation| read.ticket_refunded(seat, app.now());
    refund(app, user, id, decide, |read, after| take_back(app, read, after, Some(seat))).await
}

/// Gives a payment back as `decide` says of what was read: what it is after that, and how many minor units go back.
/// `free` makes the writes that take what was bought away from its owner; those of the money come on top.
async fn refund<P: Payable>(
    app: &App,
    user: UserId,
    id: P::Id,
    decide: impl Fn(P) -> Result<Option<(P, i64)>, ConcertStarted>,
    free: impl Fn(&P, &P) -> Result<Transaction<Guard>, Failure>,
) -> Result<P, RefundFailure> {
    let mut attempts = Attempts::new(app);
    loop {
        let (read, wallet) = tokio::try_join!(P::get(app, user, id), wallet::get_row(app, user))?;
        let read = read.filter(|read| read.purchase().payment.is_some()).ok_or(RefundFailure::NotFound)?;
        let decided = match decide(read.clone()) {
            Ok(decided) => decided,
            Err(refused) => {
                // The same request, sent twice, may have given it back in time.
                let settled = P::get_isolated(app, user, id).await?;
                if settled.is_none_or(|settled| settled.purchase().version == read.purchase().version) {
                    return Err(refused.into());
                }
                attempts.wait().await?;
                continue;
            }
        };
        let Some((after, back)) = decided else { return Ok(read) };
        if let Some(wallet) = &wallet {
            wallet.open()?;
        }
        let mut transaction = free(&read, &after)?;
        let card = read.purchase().payment.as_ref().and_then(|payment| payment.card);
        match card.zip(Amount::unless_zero(back).map_err(unreadable)?) {
            Some((card, back)) => {
                let card = cards::get(app, user, card).await?;
                let card = card.ok_or_else(|| Failure::Internal("a payment without its card payment".to_owned()))?;
                let money = cards::refund_writes::writes(&card, wallet.as_ref(), back, app.now(), &read.payment_id())?;
                let Some(money) = money else {
                    // The same request, sent twice, is giving it back at this moment.
                    let settled = P::get_isolated(app, user, id).await?;
                    if settled.is_none_or(|settled| settled.purchase().version == read.purchase().version) {
                        return Err(Failure::Internal("a refund of more than its card was charged".to_owned()).into());
                    }
                    attempts.wait().await?;
                    continue;
                };
                money.into_iter().for_each(|(guard, write)| transaction.add(guard, write));
            }
            None => {
                if let Some(entry) = credit_write(user, wallet.as_ref(), back, app.now(), read.payment_id())? {
                    transaction.add(Guard::Entry, entry);
                }
            }
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(after),
            Err(rejected) if was_scanned(&rejected) => return Err(RefundFailure::Scanned),
            // Every other guard of a refund is stale when it fails: all inputs are read again, and what was our own
            // success is found there.
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Whether somebody has come in with a ticket that was to be given back. Of a reservation that has changed since it was
/// read that says nothing: a try that was not heard of may have given it back.
fn was_scanned(rejected: &Rejected<Guard>) -> bool {
    let Rejected::Guards(failed) = rejected else { return false };
    let has = |guard| failed.iter().any(|failed| failed.guard == guard);
    has(Guard::Unscanned) && !has(Guard::Version)
}

/// The writes that take the seats of a reservation (or `one`) away from its owner.
fn take_back(
    app: &App,
    read: &Reservation,
    after: &Reservation,
    one: Option<&SeatId>,
) -> Result<Transaction<Guard>, Failure> {
    let freed: Vec<SeatId> = read.live_seats().filter(|seat| one.is_none_or(|one| one == *seat)).cloned().collect();
    let change = if after.purchase.state == PurchaseState::Paid {
        EventKind::PaymentPartlyRefunded
    } else {
        EventKind::PaymentCancelled
    };
    unsell_transaction(read, after, &freed, change, (app.now(), AfterScan::Refused))
}
