//! An order: units of products taken from stock for one buyer ([`crate::orders::place`]), then paid, cancelled, expired or declined, exactly once.

use jiff::Timestamp;
use uuid::Uuid;

use crate::money::Price;
use crate::products::stock::Portion;
use crate::reservations::reservation::{AlreadyPaid, Cancel, PayError, Payment};
use crate::time::{end_of, second};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its units wait for payment until `held_until`.
    Pending,
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
    pub const ALL: [Self; 5] = [Self::Pending, Self::Paid, Self::Cancelled, Self::Expired, Self::Declined];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
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

    /// Why an ended order ended, for its owner.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Pending | Self::Paid => None,
            Self::Cancelled => Some("cancelled by its owner"),
            Self::Expired => Some("not paid in time"),
            Self::Declined => Some("the balance was too small to pay it"),
        }
    }
}

/// Units of one product in an order, at the price and name frozen when it was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The product.
    pub product: Uuid,
    /// Its name then.
    pub name: String,
    /// Its price then, of one.
    pub price: Price,
    /// The shards that its units came from, and go back to.
    pub taken: Vec<Portion>,
}

impl Line {
    /// Its units.
    #[must_use]
    pub fn quantity(&self) -> i64 {
        self.taken.iter().map(|portion| portion.units).sum()
    }

    /// What they cost together; units and price are bounded, so no order comes near an overflow.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.price.get() * self.quantity()
    }
}

/// An order as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Id.
    pub id: Uuid,
    /// Its owner.
    pub user: Uuid,
    /// When it was placed.
    pub created_at: Timestamp,
    /// Last epoch second in which it may be paid.
    pub held_until: u32,
    /// Where it stands, whatever the clock says.
    pub state: State,
    /// What is bought; each product once.
    pub lines: Vec<Line>,
    /// The coupon it uses.
    pub coupon: Option<Uuid>,
    /// What that takes off, in minor units.
    pub discount: i64,
    /// Its payment.
    pub payment: Option<Payment>,
    /// How often a payment was declined.
    pub declines: u32,
    /// Whether stock and coupon were given back (or are owned): nothing is left for the sweep.
    pub settled: bool,
    /// Rises with every write.
    pub version: u64,
    /// Digest of the request that made it.
    pub fingerprint: String,
}

impl Order {
    /// Where it stands for somebody who looks at `now`: a lapsed one has expired, swept or not.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> State {
        if self.state == State::Pending && self.lapsed(now) { State::Expired } else { self.state }
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

    /// What its lines cost together, in minor units.
    #[must_use]
    pub fn subtotal(&self) -> i64 {
        self.lines.iter().map(Line::amount).sum()
    }

    /// What is to be paid.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.subtotal() - self.discount
    }

    /// The id of its payment.
    #[must_use]
    pub fn payment_id(&self) -> String {
        format!("ord-{}", self.id)
    }

    /// Whether it may be paid at `now`, by the clock of the instance that decides (P5).
    ///
    /// # Errors
    /// When it was declined, has lapsed or has ended. A paid one is for the caller to answer as it stands.
    pub fn may_be_paid(&self, now: Timestamp) -> Result<(), PayError> {
        match self.state_at(now) {
            State::Pending | State::Paid => Ok(()),
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
            State::Pending if self.lapsed(now) => Ok(Cancel::Close),
            State::Pending => Ok(Cancel::Release),
            State::Cancelled | State::Expired | State::Declined => Ok(Cancel::AlreadyEnded),
        }
    }

    /// It as it stands once its owner gave it up.
    #[must_use]
    pub fn cancelled(mut self) -> Self {
        self.state = State::Cancelled;
        self.settled = true;
        self.version += 1;
        self
    }

    /// It as it stands once its time has passed and all it took went back. A declined one stays declined.
    #[must_use]
    pub fn closed(mut self) -> Self {
        if self.state == State::Pending {
            self.state = State::Expired;
        }
        self.settled = true;
        self.version += 1;
        self
    }

    /// It as it stands once paid, before it is written for the first time or later.
    #[must_use]
    pub fn paid(mut self, now: Timestamp, key: String, new: bool) -> (Self, Payment) {
        let payment = Payment { amount: self.total(), paid_at: now, refunded: 0, key };
        self.payment = Some(payment.clone());
        self.state = State::Paid;
        self.settled = true;
        self.version += u64::from(!new);
        (self, payment)
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

    /// It as it stands once its payment was given back, and how much that is: what is left of it, never more.
    /// `None` when nothing was paid, or all is given back.
    #[must_use]
    pub fn refunded(mut self) -> Option<(Self, i64)> {
        if self.state != State::Paid {
            return None;
        }
        let back = self.payment.as_mut()?.give_back_the_rest();
        Some((self.cancelled(), back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::place::tests::{at, pending};

    #[test]
    fn it_may_be_paid_up_to_its_last_second() {
        let order = pending();
        assert_eq!(order.may_be_paid(at(1_299)), Ok(()));
        assert_eq!(order.may_be_paid(at(1_300)), Err(PayError::HoldExpired));
        assert_eq!((order.state_at(at(1_299)), order.state_at(at(1_300))), (State::Pending, State::Expired));
        assert_eq!(order.expires_at(), at(1_300));
        assert_eq!(order.clone().declined(true).may_be_paid(at(1_000)), Err(PayError::Declined));
        let kept = order.declined(false);
        assert_eq!((kept.may_be_paid(at(1_000)), kept.declines, kept.version), (Ok(()), 1, 2));
    }

    #[test]
    fn cancelling_says_what_it_means() {
        let order = pending();
        assert_eq!(order.cancel(at(1_299)), Ok(Cancel::Release));
        assert_eq!(order.cancel(at(1_300)), Ok(Cancel::Close));
        assert_eq!(order.clone().closed().cancel(at(1_301)), Ok(Cancel::AlreadyEnded));
        assert_eq!(order.clone().declined(true).closed().state, State::Declined);
        assert_eq!(order.paid(at(1_000), String::new(), false).0.cancel(at(1_000)), Err(AlreadyPaid));
    }

    #[test]
    fn what_is_paid_is_given_back_once() {
        assert_eq!(pending().refunded(), None);
        let (paid, payment) = pending().paid(at(1_000), String::new(), true);
        assert_eq!((payment.amount, paid.version), (230, 1));
        let (refunded, back) = paid.refunded().expect("a refund");
        assert_eq!((back, refunded.state, refunded.version), (230, State::Cancelled, 2));
        assert_eq!(refunded.payment.as_ref().map(|payment| payment.refunded), Some(230));
        assert_eq!(refunded.refunded(), None);
    }
}
