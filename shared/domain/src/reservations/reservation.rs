//! A reservation: seats held for one buyer ([`crate::reservations::hold`]), then paid, cancelled, expired or declined, exactly once.

use jiff::Timestamp;
use uuid::Uuid;

use crate::money::Price;
use crate::queue::QueueId;
use crate::seats::{SeatId, SeatValue};
use crate::time::{end_of, second};

/// Where a reservation stands. `Held` is the only state anything leads out of, but for refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its seats wait for payment until `held_until`.
    Held,
    /// Paid for.
    Paid,
    /// Given up by its owner, or refunded.
    Cancelled,
    /// Its time passed unpaid.
    Expired,
    /// Its payment was declined for lack of balance.
    Declined,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Held, Self::Paid, Self::Cancelled, Self::Expired, Self::Declined];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Declined => "declined",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Why an ended reservation ended, for its owner.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Held | Self::Paid => None,
            Self::Cancelled => Some("cancelled by its owner"),
            Self::Expired => Some("not paid in time"),
            Self::Declined => Some("the balance was too small to pay it"),
        }
    }
}

/// One seat of a reservation, at the price frozen when it was held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The seat, which is also the ticket's id.
    pub seat: SeatId,
    /// Frozen price.
    pub price: Price,
    /// Given up by itself, before or after payment.
    pub cancelled: bool,
}

/// The payment of a reservation lives in it: at most one is a fact of the layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// What was paid, in minor units.
    pub amount: i64,
    /// When.
    pub paid_at: Timestamp,
    /// What of it was given back.
    pub refunded: i64,
    /// Digest of the idempotency key it was made with, or of a random id.
    pub key: String,
}

impl Payment {
    /// Gives back what is left of it, and says how much that is: never more than was paid.
    pub fn give_back_the_rest(&mut self) -> i64 {
        self.give_back(self.amount)
    }

    /// Gives back `minor_units` of it, or what is left if that is less, and says how much it was.
    fn give_back(&mut self, minor_units: i64) -> i64 {
        let back = minor_units.min(self.amount - self.refunded).max(0);
        self.refunded += back;
        back
    }
}

/// The concert has begun: what was paid for it is not given back any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the concert has started")]
pub struct ConcertStarted;

/// A reservation as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Id.
    pub id: Uuid,
    /// Its owner.
    pub user: Uuid,
    /// Its schedule.
    pub schedule_id: Uuid,
    /// Its concert.
    pub concert_id: Uuid,
    /// Where, frozen.
    pub place: String,
    /// When the concert starts, frozen.
    pub starts_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last epoch second in which it may be paid.
    pub held_until: u32,
    /// Where it stands, whatever the clock says.
    pub state: State,
    /// Its seats.
    pub tickets: Vec<Ticket>,
    /// Its payment.
    pub payment: Option<Payment>,
    /// How often a payment was declined.
    pub declines: u32,
    /// Whether its seats and allowance were given back (or are owned): nothing is left for the sweep.
    pub settled: bool,
    /// Rises with every write.
    pub version: u64,
    /// Digest of the request that made it.
    pub fingerprint: String,
    /// The queue and number it was admitted by, if its concert has a queue.
    pub admitted_by: Option<(QueueId, u64)>,
}

/// Why a reservation cannot be paid, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayError {
    /// It was declined before.
    #[error("its payment was declined")]
    Declined,
    /// Its time has passed, or its owner gave it up.
    #[error("the hold has ended")]
    HoldExpired,
}

/// What cancelling does to a reservation or one of its tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// Its seats are given back now.
    Release,
    /// Its time has passed: its seats are free already, only the books are closed.
    Close,
    /// It has ended before; the same answer again.
    AlreadyEnded,
}

/// It is paid: money must go back, which cancelling the payment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is paid; cancel its payment instead")]
pub struct AlreadyPaid;

impl Reservation {
    /// Where it stands for somebody who looks at `now`: a lapsed hold has expired, swept or not.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> State {
        if self.state == State::Held && self.lapsed(now) { State::Expired } else { self.state }
    }

    /// Until when it may be paid: the first instant at which it may not.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        end_of(self.held_until)
    }

    /// Whether its time has passed: it may be paid before [`Self::expires_at`].
    #[must_use]
    pub fn lapsed(&self, now: Timestamp) -> bool {
        second(now) > self.held_until
    }

    /// Tickets not given up.
    pub fn live_tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets.iter().filter(|ticket| !ticket.cancelled)
    }

    /// Seats of the tickets not given up.
    pub fn live_seats(&self) -> impl Iterator<Item = &SeatId> {
        self.live_tickets().map(|ticket| &ticket.seat)
    }

    /// What its live tickets cost together, in minor units.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.live_tickets().map(|ticket| ticket.price.get()).sum()
    }

    /// The value its held seats have in their blocks.
    #[must_use]
    pub fn held_value(&self) -> SeatValue {
        SeatValue::Held { until: self.held_until, reservation: self.id }
    }

    /// The id of its payment.
    #[must_use]
    pub fn payment_id(&self) -> String {
        format!("rsv-{}", self.id)
    }

    /// Whether it may be paid at `now`, by the clock of the instance that decides (P5).
    ///
    /// # Errors
    /// When it was declined, has lapsed or has ended. A paid one is for the caller to answer as it stands.
    pub fn may_be_paid(&self, now: Timestamp) -> Result<(), PayError> {
        match self.state_at(now) {
            State::Held | State::Paid => Ok(()),
            State::Declined => Err(PayError::Declined),
            State::Cancelled | State::Expired => Err(PayError::HoldExpired),
        }
    }

    /// What cancelling it at `now` means.
    ///
    /// # Errors
    /// When it is paid.
    pub fn cancel(&self, now: Timestamp) -> Result<Cancel, AlreadyPaid> {
        match self.state {
            State::Paid => Err(AlreadyPaid),
            State::Held if self.lapsed(now) => Ok(Cancel::Close),
            State::Held => Ok(Cancel::Release),
            State::Cancelled | State::Expired | State::Declined => Ok(Cancel::AlreadyEnded),
        }
    }

    /// What cancelling one ticket at `now` means; `None` when it has no such ticket.
    ///
    /// # Errors
    /// When it is paid.
    pub fn cancel_ticket(&self, seat: &SeatId, now: Timestamp) -> Option<Result<Cancel, AlreadyPaid>> {
        let ticket = self.tickets.iter().find(|ticket| ticket.seat == *seat)?;
        Some(if ticket.cancelled { Ok(Cancel::AlreadyEnded) } else { self.cancel(now) })
    }

    /// It as it stands once `seats` were given up. Without the last of its live tickets it is cancelled as a whole,
    /// and still tells which they were.
    #[must_use]
    pub fn without(mut self, seats: &[SeatId]) -> Self {
        if self.live_seats().all(|seat| seats.contains(seat)) {
            self.state = State::Cancelled;
            self.settled = true;
        } else {
            for ticket in self.tickets.iter_mut().filter(|ticket| seats.contains(&ticket.seat)) {
                ticket.cancelled = true;
            }
        }
        self.version += 1;
        self
    }

    /// It as it stands once its time has passed and its allowance went back. A declined one stays declined.
    #[must_use]
    pub fn closed(mut self) -> Self {
        if self.state == State::Held {
            self.state = State::Expired;
        }
        self.settled = true;
        self.version += 1;
        self
    }

    /// It as it stands once paid.
    #[must_use]
    pub fn paid(mut self, now: Timestamp, key: String) -> (Self, Payment) {
        let payment = Payment { amount: self.total(), paid_at: now, refunded: 0, key };
        self.payment = Some(payment.clone());
        self.state = State::Paid;
        self.settled = true;
        self.version += 1;
        (self, payment)
    }

    /// It as it stands once its payment was given back, and how much that is; `None` when nothing was paid, or all is
    /// given back.
    ///
    /// # Errors
    /// From the start of the concert on.
    pub fn refunded(mut self, now: Timestamp) -> Result<Option<(Self, i64)>, ConcertStarted> {
        let (State::Paid, Some(payment)) = (self.state, self.payment.as_mut()) else { return Ok(None) };
        if now >= self.starts_at {
            return Err(ConcertStarted);
        }
        let back = payment.give_back_the_rest();
        self.state = State::Cancelled;
        self.version += 1;
        Ok(Some((self, back)))
    }

    /// It as it stands once one of its tickets was given back, and how much of the payment goes with it: the ticket's
    /// frozen price. The last one ends the group. `None` when it is not paid, or has no such live ticket.
    ///
    /// # Errors
    /// From the start of the concert on.
    pub fn ticket_refunded(mut self, seat: &SeatId, now: Timestamp) -> Result<Option<(Self, i64)>, ConcertStarted> {
        if self.live_seats().eq([seat]) {
            return self.refunded(now);
        }
        let (State::Paid, Some(payment)) = (self.state, self.payment.as_mut()) else { return Ok(None) };
        let live = self.tickets.iter_mut().find(|ticket| ticket.seat == *seat && !ticket.cancelled);
        let Some(ticket) = live else { return Ok(None) };
        if now >= self.starts_at {
            return Err(ConcertStarted);
        }
        ticket.cancelled = true;
        let back = payment.give_back(ticket.price.get());
        self.version += 1;
        Ok(Some((self, back)))
    }

    /// It as it stands once a payment was declined; `release` ends it.
    #[must_use]
    pub fn declined(mut self, release: bool) -> Self {
        if release {
            self.state = State::Declined;
        }
        self.declines = self.declines.saturating_add(1);
        self.version += 1;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reservations::hold::tests::{at, held, seats};

    #[test]
    fn it_may_be_paid_up_to_its_last_second() {
        let reservation = held(&["A-1-1"]);
        assert_eq!(reservation.may_be_paid(at(2_299)), Ok(()));
        assert_eq!(reservation.may_be_paid(at(2_300)), Err(PayError::HoldExpired));
        assert_eq!(reservation.state_at(at(2_300)), State::Expired);
        let declined = reservation.clone().declined(true);
        assert_eq!(declined.may_be_paid(at(2_000)), Err(PayError::Declined));
        let kept = reservation.declined(false);
        assert_eq!(kept.may_be_paid(at(2_000)), Ok(()));
        assert_eq!(kept.declines, 1);
    }

    #[test]
    fn the_last_ticket_ends_the_group() {
        let reservation = held(&["A-1-1", "A-1-2"]);
        let one = reservation.without(&seats(&["A-1-1"]));
        assert_eq!((one.state, one.total(), one.version), (State::Held, 50_000, 2));
        assert_eq!(one.cancel_ticket(&seats(&["A-1-1"])[0], at(2_000)), Some(Ok(Cancel::AlreadyEnded)));
        assert_eq!(one.cancel_ticket(&seats(&["A-1-9"])[0], at(2_000)), None);
        let none = one.without(&seats(&["A-1-2"]));
        assert_eq!((none.state, none.settled, none.total()), (State::Cancelled, true, 50_000));
    }

    #[test]
    fn cancelling_says_what_it_means() {
        let reservation = held(&["A-1-1"]);
        assert_eq!(reservation.cancel(at(2_000)), Ok(Cancel::Release));
        assert_eq!(reservation.cancel(at(2_300)), Ok(Cancel::Close));
        assert_eq!(reservation.clone().closed().cancel(at(2_301)), Ok(Cancel::AlreadyEnded));
        assert_eq!(reservation.paid(at(2_000), String::new()).0.cancel(at(2_000)), Err(AlreadyPaid));
    }
    #[test]
    fn what_is_paid_is_given_back_once_and_before_the_concert() {
        let (paid, _) = held(&["A-1-1", "A-1-2"]).paid(at(2_000), String::new());
        assert_eq!(paid.clone().refunded(at(5_000)), Err(ConcertStarted));
        let (refunded, back) = paid.refunded(at(4_999)).expect("in time").expect("a refund");
        assert_eq!((back, refunded.state, refunded.settled), (100_000, State::Cancelled, true));
        // Repeating it is no refusal, also later.
        assert_eq!(refunded.refunded(at(6_000)), Ok(None));
        assert_eq!(held(&["A-1-1"]).refunded(at(2_000)), Ok(None));
    }

    #[test]
    fn a_paid_ticket_goes_back_at_its_price_and_the_rest_with_the_last() {
        let seat = |name: &str| seats(&[name])[0].clone();
        let held = held(&["A-1-1", "A-1-2", "A-1-3"]).without(&seats(&["A-1-1"]));
        assert_eq!(held.clone().ticket_refunded(&seat("A-1-2"), at(2_000)), Ok(None), "nothing was paid");
        let (paid, payment) = held.paid(at(2_000), String::new());
        assert_eq!(payment.amount, 100_000);
        assert_eq!(paid.clone().ticket_refunded(&seat("A-1-1"), at(2_000)), Ok(None), "it was given up before");
        assert_eq!(paid.clone().ticket_refunded(&seat("A-1-2"), at(5_000)), Err(ConcertStarted));
        let (one, back) = paid.clone().ticket_refunded(&seat("A-1-2"), at(4_999)).expect("in time").expect("a refund");
        assert_eq!((back, one.state, one.total(), one.version), (50_000, State::Paid, 50_000, paid.version + 1));
        assert_eq!(one.clone().ticket_refunded(&seat("A-1-2"), at(4_999)), Ok(None), "once");
        for last in [one.clone().ticket_refunded(&seat("A-1-3"), at(4_999)), one.refunded(at(4_999))] {
            let (none, back) = last.expect("in time").expect("a refund");
            let refunded = none.payment.as_ref().map(|payment| payment.refunded);
            assert_eq!((back, none.state, refunded), (50_000, State::Cancelled, Some(100_000)));
        }
    }
}
