//! A reservation: seats held for one buyer ([`crate::reservations::hold`]), then paid, cancelled, expired or declined,
//! exactly once.

use jiff::Timestamp;

use crate::id::{ConcertId, ReservationId, ScheduleId, UserId};
use crate::money::Price;
use crate::purchases::purchase::{AlreadyPaid, Cancel, Purchase, PurchaseState};
use crate::queue::QueueId;
use crate::seats::{SeatId, SeatValue};
use crate::tickets::generation::Generation;

/// One seat of a reservation, at the price frozen when it was held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The seat, which is also the ticket's id.
    pub seat: SeatId,
    /// Frozen price.
    pub price: Price,
    /// Given up by itself, before or after payment.
    pub cancelled: bool,
    /// Generation of its good code.
    pub generation: Generation,
}

/// The concert has begun: what was paid for it is not given back any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the concert has started")]
pub struct ConcertStarted;

/// A reservation as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Id.
    pub id: ReservationId,
    /// Its owner.
    pub user: UserId,
    /// Its number in its owner's log; 0 before it has one.
    pub number: u32,
    /// Its schedule.
    pub schedule_id: ScheduleId,
    /// Its concert.
    pub concert_id: ConcertId,
    /// Where, frozen.
    pub venue: String,
    /// When the concert starts, frozen.
    pub starts_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it stands. What it takes is its seats.
    pub purchase: Purchase,
    /// Its seats.
    pub tickets: Vec<Ticket>,
    /// Digest of the request that made it.
    pub fingerprint: String,
    /// The queue and number it was admitted by, if its concert has a queue.
    pub admitted_by: Option<(QueueId, u64)>,
}

impl Reservation {
    /// The name of its open state on the wire and in the table.
    pub const OPEN: &str = "held";

    /// It with its purchase after this change.
    #[must_use]
    pub fn map_purchase(self, change: impl FnOnce(Purchase) -> Purchase) -> Self {
        Self { purchase: change(self.purchase), ..self }
    }

    /// Tickets not given up.
    pub fn live_tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets.iter().filter(|ticket| !ticket.cancelled)
    }

    /// Seats of the tickets not given up.
    pub fn live_seats(&self) -> impl Iterator<Item = &SeatId> {
        self.live_tickets().map(|ticket| &ticket.seat)
    }

    /// The sum of its live tickets' prices, in minor units.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.live_tickets().map(|ticket| ticket.price.get()).sum()
    }

    /// The reservation after being paid at `now`, by the request with this digest of its key.
    #[must_use]
    pub fn paid(self, now: Timestamp, key: &str) -> Self {
        let total = self.total();
        self.map_purchase(|purchase| purchase.paid(total, now, key))
    }

    /// The value its held seats have in their blocks.
    #[must_use]
    pub fn held_value(&self) -> SeatValue {
        SeatValue::Held { until: self.purchase.held_until, reservation: self.id }
    }

    /// The value its live seats have in their blocks, for as long as nobody else has them.
    #[must_use]
    pub fn seat_value(&self) -> SeatValue {
        match self.purchase.state {
            PurchaseState::Paid => SeatValue::Sold { reservation: self.id },
            PurchaseState::Open | PurchaseState::Cancelled | PurchaseState::Expired | PurchaseState::Declined => {
                self.held_value()
            }
        }
    }

    /// The id of its payment.
    #[must_use]
    pub fn payment_id(&self) -> String {
        format!("rsv-{}", self.id)
    }

    /// The effect of cancelling one ticket at `now`; `None` when it has no such ticket.
    ///
    /// # Errors
    /// When it is paid.
    pub fn cancel_ticket(&self, seat: &SeatId, now: Timestamp) -> Option<Result<Cancel, AlreadyPaid>> {
        let ticket = self.tickets.iter().find(|ticket| ticket.seat == *seat)?;
        Some(if ticket.cancelled { Ok(Cancel::AlreadyEnded) } else { self.purchase.cancel(now) })
    }

    /// The reservation after giving up `seats`. Without the last of its live tickets it is cancelled as a whole,
    /// and still tells which they were.
    #[must_use]
    pub fn without_seats(mut self, seats: &[SeatId]) -> Self {
        if self.live_seats().all(|seat| seats.contains(seat)) {
            return self.map_purchase(Purchase::cancelled);
        }
        for ticket in self.tickets.iter_mut().filter(|ticket| seats.contains(&ticket.seat)) {
            ticket.cancelled = true;
        }
        self.purchase.version += 1;
        self
    }

    /// The reservation after its payment was given back, and how much that is, in minor units; `None` when nothing was
    /// paid, or all is given back.
    ///
    /// # Errors
    /// From the start of the concert on.
    pub fn refunded(self, now: Timestamp) -> Result<Option<(Self, i64)>, ConcertStarted> {
        let Some((purchase, back)) = self.purchase.clone().refunded() else { return Ok(None) };
        self.before_the_concert(now)?;
        Ok(Some((Self { purchase, ..self.without_codes() }, back)))
    }

    /// The reservation after one of its tickets was given back, and how much of the payment goes with it: the ticket's
    /// frozen price. The last one ends the group. `None` when it is not paid, or has no such live ticket.
    ///
    /// # Errors
    /// From the start of the concert on.
    pub fn ticket_refunded(mut self, seat: &SeatId, now: Timestamp) -> Result<Option<(Self, i64)>, ConcertStarted> {
        if self.live_seats().eq([seat]) {
            return self.refunded(now);
        }
        let live = self.tickets.iter().position(|ticket| ticket.seat == *seat && !ticket.cancelled);
        let Some(index) = live else { return Ok(None) };
        let price = self.tickets[index].price.get();
        let Some((purchase, back)) = self.purchase.clone().partly_refunded(price) else { return Ok(None) };
        self.before_the_concert(now)?;
        let ticket = &mut self.tickets[index];
        (ticket.cancelled, ticket.generation) = (true, ticket.generation.next());
        Ok(Some((Self { purchase, ..self }, back)))
    }

    fn before_the_concert(&self, now: Timestamp) -> Result<(), ConcertStarted> {
        if now < self.starts_at { Ok(()) } else { Err(ConcertStarted) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reservations::hold::tests::{at, held, seats};

    #[test]
    fn the_last_ticket_ends_the_group() {
        let reservation = held(&["A-1-1", "A-1-2"]);
        let one = reservation.without_seats(&seats(&["A-1-1"]));
        assert_eq!((one.purchase.state, one.total(), one.purchase.version), (PurchaseState::Open, 50_000, 2));
        assert_eq!(one.cancel_ticket(&seats(&["A-1-1"])[0], at(2_000)), Some(Ok(Cancel::AlreadyEnded)));
        assert_eq!(one.cancel_ticket(&seats(&["A-1-9"])[0], at(2_000)), None);
        let none = one.without_seats(&seats(&["A-1-2"]));
        assert_eq!(
            (none.purchase.state, none.purchase.settled, none.total()),
            (PurchaseState::Cancelled, true, 50_000)
        );
    }

    #[test]
    fn what_is_paid_is_given_back_once_and_before_the_concert() {
        let paid = held(&["A-1-1", "A-1-2"]).paid(at(2_000), "");
        assert_eq!(paid.clone().refunded(at(5_000)), Err(ConcertStarted));
        let (refunded, back) = paid.refunded(at(4_999)).expect("in time").expect("a refund");
        assert_eq!(
            (back, refunded.purchase.state, refunded.purchase.settled),
            (100_000, PurchaseState::Cancelled, true)
        );
        // Repeating it is no refusal, also later.
        assert_eq!(refunded.refunded(at(6_000)), Ok(None));
        assert_eq!(held(&["A-1-1"]).refunded(at(2_000)), Ok(None));
    }

    #[test]
    fn a_paid_ticket_goes_back_at_its_price_and_the_rest_with_the_last() {
        let seat = |name: &str| seats(&[name])[0].clone();
        let held = held(&["A-1-1", "A-1-2", "A-1-3"]).without_seats(&seats(&["A-1-1"]));
        assert_eq!(held.clone().ticket_refunded(&seat("A-1-2"), at(2_000)), Ok(None), "nothing was paid");
        let paid = held.paid(at(2_000), "");
        assert_eq!(paid.purchase.payment.as_ref().map(|payment| payment.amount), Some(100_000));
        assert_eq!(paid.clone().ticket_refunded(&seat("A-1-1"), at(2_000)), Ok(None), "it was given up before");
        assert_eq!(paid.clone().ticket_refunded(&seat("A-1-2"), at(5_000)), Err(ConcertStarted));
        let (one, back) = paid.clone().ticket_refunded(&seat("A-1-2"), at(4_999)).expect("in time").expect("a refund");
        assert_eq!(
            (back, one.purchase.state, one.total(), one.purchase.version),
            (50_000, PurchaseState::Paid, 50_000, paid.purchase.version + 1)
        );
        assert_eq!(one.clone().ticket_refunded(&seat("A-1-2"), at(4_999)), Ok(None), "once");
        for last in [one.clone().ticket_refunded(&seat("A-1-3"), at(4_999)), one.refunded(at(4_999))] {
            let (none, back) = last.expect("in time").expect("a refund");
            let refunded = none.purchase.payment.as_ref().map(|payment| payment.refunded);
            assert_eq!((back, none.purchase.state, refunded), (50_000, PurchaseState::Cancelled, Some(100_000)));
        }
    }
}
