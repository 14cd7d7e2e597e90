//! Giving a payment back: money, and with it seats and allowance or stock and coupon, change together or not at all.

use onsale_domain::money::Amount;
use onsale_domain::orders::order::Order;
use onsale_domain::payments::purchase::State;
use onsale_domain::reservations::reservation::{ConcertStarted, Reservation};
use onsale_domain::seats::{SeatId, SeatValue, by_block};
use onsale_domain::wallet::Wallet;
use uuid::Uuid;

use crate::app::App;
use crate::events::Kind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{text, unreadable};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Transaction, Write};
use crate::store::orders::given_back;
use crate::store::payments::guard::Guard;
use crate::store::payments::pay;
use crate::store::payments::pay_order;
use crate::store::reservations::{self, all_mine, set_seats};
use crate::store::reservations::{reservation_item, seat_limit};
use crate::store::wallet::{Beside, movement};

/// Why a payment was not given back.
#[derive(Debug, thiserror::Error)]
pub enum RefundFailure {
    /// The user has no such payment.
    #[error("not found")]
    NotFound,
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] ConcertStarted),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Gives the payment of an order back. What was given back before stays so, and is a success.
///
/// # Errors
/// See [`RefundFailure`].
pub async fn order(app: &App, user: Uuid, id: Uuid) -> Result<Order, RefundFailure> {
    let mut attempts = Attempts::new(app);
    loop {
        let (read, wallet) = pay_order::inputs(app, user, id).await?;
        let read = read.filter(|read| read.purchase.payment.is_some()).ok_or(RefundFailure::NotFound)?;
        let Some((after, back)) = read.clone().refunded() else { return Ok(read) };
        let credit = credited(app, user, wallet.map(|kept| kept.wallet), back, read.payment_id())?;
        let mut transaction = given_back(&read, &after, Some(Kind::PaymentCancelled))?;
        if let Some((wallet, entry)) = credit {
            transaction.add(Guard::Wallet, wallet);
            transaction.add(Guard::Entry, entry);
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(after),
            // Every guard of a refund is stale when it fails: all inputs are read again, and what was our own success is
            // found there.
            Err(rejected) => attempts.again_after(&rejected).await?,
        }
    }
}

/// Gives the payment of a reservation back, before its concert starts. What was given back before stays so, and is a
/// success.
///
/// # Errors
/// See [`RefundFailure`].
pub async fn reservation(app: &App, user: Uuid, id: Uuid) -> Result<Reservation, RefundFailure> {
    seats(app, user, id, None).await
}

/// Gives one ticket of a paid reservation back, and its price, before its concert starts. What was given back before
/// stays so, and is a success.
///
/// # Errors
/// See [`RefundFailure`].
pub async fn ticket(app: &App, user: Uuid, id: Uuid, seat: &SeatId) -> Result<Reservation, RefundFailure> {
    seats(app, user, id, Some(seat)).await
}

/// Gives all seats of a paid reservation back, or one.
async fn seats(app: &App, user: Uuid, id: Uuid, one: Option<&SeatId>) -> Result<Reservation, RefundFailure> {
    let mut attempts = Attempts::new(app);
    loop {
        let (read, wallet) = pay::inputs(app, user, id).await?;
        let read = read.filter(|read| read.purchase.payment.is_some()).ok_or(RefundFailure::NotFound)?;
        let decided = match one {
            Some(seat) => read.clone().ticket_refunded(seat, app.now()),
            None => read.clone().refunded(app.now()),
        };
        let decided = match decided {
            Ok(decided) => decided,
            Err(refused) => {
                // The same request, sent twice, may have given it back in time.
                let seen = reservations::settled(app, user, id).await?;
                if seen.is_none_or(|seen| seen.purchase.version == read.purchase.version) {
                    return Err(refused.into());
                }
                attempts.again().await?;
                continue;
            }
        };
        let Some((after, back)) = decided else { return Ok(read) };
        let credit = credited(app, user, wallet.map(|kept| kept.wallet), back, read.payment_id())?;
        let mut transaction = seats_freed(&read, &after, one)?;
        if let Some((wallet, entry)) = credit {
            transaction.add(Guard::Wallet, wallet);
            transaction.add(Guard::Entry, entry);
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(after),
            // Every guard of a refund is stale when it fails: all inputs are read again, and what was our own success is
            // found there.
            Err(rejected) => attempts.again_after(&rejected).await?,
        }
    }
}

/// The reservation as it is `after`, its seats (or `one`) free if they are its own, and as many of the user's
/// allowance.
fn seats_freed(read: &Reservation, after: &Reservation, one: Option<&SeatId>) -> Result<Transaction<Guard>, Failure> {
    let freed: Vec<&SeatId> = read.live_seats().filter(|seat| one.is_none_or(|one| one == *seat)).collect();
    let mut transaction = Transaction::new();
    let sold = SeatValue::Sold { reservation: read.id }.to_string();
    for (place, (block, numbers)) in by_block(freed.iter().copied()).iter().enumerate() {
        transaction.add(
            Guard::Seats(place),
            set_seats(read.schedule_id, block, numbers, SeatValue::Free)
                .when(all_mine(numbers))
                .value(":mine", text(sold.clone())),
        );
    }
    let change = if after.purchase.state == State::Paid { Kind::PaymentPartlyRefunded } else { Kind::PaymentCancelled };
    transaction.add(Guard::Version, reservation_item::update(read, after, Some(change))?);
    transaction.add(Guard::Allowance, seat_limit::give_back(after, freed.len()));
    Ok(transaction)
}

/// The two writes that put money back, if there is any: what cost nothing was paid from no wallet, and leaves no entry.
/// It always fits, for the cap binds what comes in from outside.
fn credited(
    app: &App,
    user: Uuid,
    wallet: Option<Wallet>,
    back: i64,
    reference: String,
) -> Result<Option<(Write, Write)>, Failure> {
    let Some(back) = Amount::unless_zero(back).map_err(unreadable)? else { return Ok(None) };
    let wallet = wallet.ok_or_else(|| Failure::Internal(format!("{reference} was paid from no wallet")))?;
    let refunded = wallet.refund(back, app.now(), reference);
    let (after, entry) = refunded.ok_or_else(|| Failure::Internal("a balance beyond counting".to_owned()))?;
    movement(user, wallet, after, &entry, Beside::Nothing).map(Some)
}
