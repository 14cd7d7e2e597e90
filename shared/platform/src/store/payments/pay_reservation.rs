//! Paying a reservation: its seats, and the admission by the queue of its concert.

use jiff::Timestamp;
use onsale_domain::id::{ReservationId, UserId};
use onsale_domain::purchases::purchase::{PayError, PurchaseState};
use onsale_domain::queue::entry::{Admission, QueueTokenError};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::{SeatValue, group_by_block};
use onsale_domain::time::EpochSecond;

use crate::app::App;
use crate::auth::queue_token::{QueueCredentials, QueueTokenFailure};
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, text};
use crate::store::dynamodb::transaction::{FailedGuard, Transaction};
use crate::store::payments::pay::{PayRequest, Payable, Refusal};
use crate::store::purchases::StoredPurchase;
use crate::store::purchases::guard::Guard;
use crate::store::queue::entry_item;
use crate::store::seats::{NOT_LEASED, all_mine_condition, set_seats};

impl Payable for Reservation {
    type Companion = ();
    /// The admission it is paid with; none, if no queue is before it.
    type Terms = Option<Admission>;

    async fn load(app: &App, user: UserId, id: ReservationId) -> Result<Option<(Self, ())>, Failure> {
        Ok(Self::get(app, user, id).await?.map(|read| (read, ())))
    }

    fn total(&self) -> i64 {
        self.total()
    }

    fn payment_id(&self) -> String {
        self.payment_id()
    }

    async fn may_be_paid(
        &self,
        app: &App,
        request: &PayRequest<'_>,
        (): &(),
        now: Timestamp,
    ) -> Result<Self::Terms, Refusal> {
        self.purchase.may_be_paid(now).map_err(Refusal::unless_paid)?;
        admission(app, self, request.queue_credentials).await.map_err(Refusal::unless_paid)
    }

    fn sale_writes(
        &self,
        after: &Self,
        admission: &Self::Terms,
        now: Timestamp,
    ) -> Result<Transaction<Guard>, Failure> {
        let mut transaction = Transaction::new();
        for (index, (block, numbers)) in group_by_block(self.live_seats()).iter().enumerate() {
            transaction.add(
                Guard::Seats(index),
                set_seats(self.schedule_id, block, numbers, SeatValue::Sold { reservation: self.id })
                    .when(format!("{NOT_LEASED} AND {}", all_mine_condition(numbers)))
                    .value(":now", text(EpochSecond::begun(now).to_hex()))
                    .value(":mine", text(self.held_value().to_string())),
            );
        }
        transaction.add(Guard::Version, self.update(after, Some(EventKind::PaymentCompleted))?);
        if let Some(admission) = admission {
            let again = self.admitted_by.as_ref().is_some_and(|(_, number)| *number == admission.number);
            transaction.add(Guard::Admission, entry_item::use_up(self.user, admission, again, now));
        }
        Ok(transaction)
    }

    async fn judge(&self, app: &App, failed: &[FailedGuard<Guard>], now: Timestamp) -> Result<(), Refusal> {
        let has = |guard| failed.iter().any(|failed| failed.guard == guard);
        if has(Guard::Version) {
            // It has changed since it was read: what that means is decided anew.
            return Ok(());
        }
        if has(Guard::Admission) {
            return Err(Refusal::unless_paid(QueueTokenError::Ended));
        }
        let blocks = failed.iter().filter(|failed| matches!(failed.guard, Guard::Seats(_)));
        let blocks: Vec<Option<&Item>> = blocks.map(|failed| failed.old.as_ref()).collect();
        if blocks.iter().flatten().any(|block| is_leased(block, now)) {
            return Err(Failure::Busy.into());
        }
        if !blocks.is_empty()
            && !blocks.iter().flatten().any(|block| is_sold_to(self, block))
            && is_unpaid(app, self).await?
        {
            // A faster clock took a seat over.
            return Err(Refusal::Final(PayError::HoldExpired.into()));
        }
        Ok(())
    }
}

/// The admission with which a reservation behind a queue may be paid; none, if no queue is before it, as for what an
/// administrator holds. One who held as a user pays by the very admission of the hold, without showing it.
pub(crate) async fn admission(
    app: &App,
    read: &Reservation,
    queue_credentials: &QueueCredentials,
) -> Result<Option<Admission>, QueueTokenFailure> {
    let Some((queue, number)) = &read.admitted_by else { return Ok(None) };
    if !queue_credentials.by_the_hold
        && let Some(admission) = queue_credentials.entry(app, read.user, queue).await?
    {
        return Ok(Some(admission));
    }
    Ok(Some(Admission { queue: queue.clone(), number: *number, expires_at: read.purchase.held_until }))
}

/// Whether a deletion has leased the block, by a clock for which the hold is over; for the payer's it soon is, unless
/// the deletion aborts before that.
fn is_leased(block: &Item, now: Timestamp) -> bool {
    let bound = EpochSecond::begun(now).to_hex();
    block.get("lease").and_then(|lease| lease.as_s().ok()).is_some_and(|until| *until >= bound)
}

/// A seat of the block is sold to this very reservation, which says that it is just being paid.
fn is_sold_to(reservation: &Reservation, block: &Item) -> bool {
    let sold = text(SeatValue::Sold { reservation: reservation.id }.to_string());
    block.values().any(|value| *value == sold)
}

/// Whether it still waits to be paid, when no transaction is at work on it any more.
async fn is_unpaid(app: &App, read: &Reservation) -> Result<bool, Failure> {
    let now = Reservation::get_isolated(app, read.user, read.id).await?;
    Ok(now.is_some_and(|now| now.purchase.payment.is_none() && now.purchase.state == PurchaseState::Open))
}
