//! A purchase: what reservations and orders have in common. What it takes is held for one buyer for a while; then it is
//! paid, cancelled, expired or declined, exactly once.

use jiff::Timestamp;

use crate::id::CardPaymentId;
use crate::time::EpochSecond;

/// Where a purchase stands. `Open` is the only state anything leads out of, but for refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurchaseState {
    /// It waits for payment until `held_until`. A reservation calls that `held`, an order `pending`.
    Open,
    /// Paid for.
    Paid,
    /// Given up by its owner, or refunded.
    Cancelled,
    /// Its time passed unpaid.
    Expired,
    /// Its payment was declined for lack of balance.
    Declined,
}

impl PurchaseState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Open, Self::Paid, Self::Cancelled, Self::Expired, Self::Declined];

    /// Its name on the wire and in the table, of a purchase that calls the open state `open`.
    #[must_use]
    pub fn name(self, open: &'static str) -> &'static str {
        match self {
            Self::Open => open,
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Declined => "declined",
        }
    }

    /// The state of that name, of a purchase that calls the open state `open`.
    #[must_use]
    pub fn parse(name: &str, open: &'static str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name(open) == name)
    }

    /// Why an ended purchase ended: a code that clients put into words.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Open | Self::Paid => None,
            Self::Cancelled => Some("cancelled-by-owner"),
            Self::Expired => Some("not-paid-in-time"),
            Self::Declined => Some("balance-too-small"),
        }
    }
}

/// The payment of a purchase lives in it: at most one is a fact of the layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The amount that was paid, in minor units.
    pub amount: i64,
    /// When.
    pub paid_at: Timestamp,
    /// The part of it that was given back, in minor units.
    pub refunded: i64,
    /// Digest of the idempotency key it was made with, or of a random id.
    pub key: String,
    /// The card payment by which it was made; none, if it was made from the wallet.
    pub card: Option<CardPaymentId>,
}

/// Why a purchase cannot be paid, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayError {
    /// It was declined before.
    #[error("its payment was declined")]
    Declined,
    /// Its time has passed, or its owner gave it up.
    #[error("the hold has ended")]
    HoldExpired,
}

/// The effect of cancelling a purchase, or one ticket of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// Its seats or units are given back now.
    Release,
    /// Its time has passed: it is ended as expired. Seats are free already, stock and coupon are given back.
    Expire,
    /// It has ended before; the same answer again.
    AlreadyEnded,
}

/// The effect of expiring a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expire {
    /// Its time has passed, and what it took is still to be given back.
    Due,
    /// It ended before, and so it was given back.
    Before,
    /// It is paid or may yet be: nothing to give back.
    Nothing,
}

/// It is paid: money must go back, which cancelling the payment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is paid; cancel its payment instead")]
pub struct AlreadyPaid;

/// The life of a reservation or order, as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// Where it stands, whatever the clock says.
    pub state: PurchaseState,
    /// Last epoch second in which it may be paid.
    pub held_until: EpochSecond,
    /// Its payment.
    pub payment: Option<Payment>,
    /// How often a payment was declined.
    pub declines: u32,
    /// Whether what it took was given back, or is owned: nothing is left for the sweep.
    pub settled: bool,
    /// Rises with every write; 1 at first.
    pub version: u64,
}

impl Purchase {
    /// A new one, which may be paid until the end of this epoch second.
    #[must_use]
    pub fn new(held_until: EpochSecond) -> Self {
        Self { state: PurchaseState::Open, held_until, payment: None, declines: 0, settled: false, version: 1 }
    }

    /// Whether it is paid, and not refunded as a whole.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.state == PurchaseState::Paid
    }

    /// Whether it was given up or refunded as a whole.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state == PurchaseState::Cancelled
    }

    /// Where it stands for somebody who looks at `now`: one that has lapsed has expired, swept or not.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> PurchaseState {
        if self.state == PurchaseState::Open && self.has_expired(now) { PurchaseState::Expired } else { self.state }
    }

    /// Until when it may be paid: the first instant at which it may not.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.held_until.end()
    }

    /// Whether its time has passed: it may be paid before [`Self::expires_at`].
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        EpochSecond::begun(now) > self.held_until
    }

    /// Whether it may be paid at `now`, by the clock of the instance that decides (P5).
    ///
    /// # Errors
    /// When it was declined, has lapsed or has ended. A paid one is for the caller to answer as it stands.
    pub fn may_be_paid(&self, now: Timestamp) -> Result<(), PayError> {
        match self.state_at(now) {
            PurchaseState::Open | PurchaseState::Paid => Ok(()),
            PurchaseState::Declined => Err(PayError::Declined),
            PurchaseState::Cancelled | PurchaseState::Expired => Err(PayError::HoldExpired),
        }
    }

    /// The effect of cancelling it at `now`.
    ///
    /// # Errors
    /// When it is paid.
    pub fn cancel(&self, now: Timestamp) -> Result<Cancel, AlreadyPaid> {
        match self.state {
            PurchaseState::Paid => Err(AlreadyPaid),
            PurchaseState::Open if self.has_expired(now) => Ok(Cancel::Expire),
            PurchaseState::Open => Ok(Cancel::Release),
            PurchaseState::Cancelled | PurchaseState::Expired | PurchaseState::Declined => Ok(Cancel::AlreadyEnded),
        }
    }

    /// The effect of expiring it at `now`.
    #[must_use]
    pub fn expire(&self, now: Timestamp) -> Expire {
        match self.state {
            PurchaseState::Paid => Expire::Nothing,
            _ if self.settled => Expire::Before,
            _ if self.has_expired(now) => Expire::Due,
            _ => Expire::Nothing,
        }
    }

    /// Whether a decline has ended it, and what it took is still to be given back.
    #[must_use]
    pub fn is_release_due(&self) -> bool {
        self.state == PurchaseState::Declined && !self.settled
    }

    /// The purchase once its owner gave it up.
    #[must_use]
    pub fn cancelled(self) -> Self {
        self.with_state(PurchaseState::Cancelled)
    }

    /// The purchase once it is released without payment: expired, or declined if it was.
    #[must_use]
    pub fn released(self) -> Self {
        let state = if self.state == PurchaseState::Open { PurchaseState::Expired } else { self.state };
        self.with_state(state)
    }

    /// The purchase once `amount` minor units were paid at `now`, by the request with this digest of its key.
    #[must_use]
    pub fn paid(self, amount: i64, now: Timestamp, key: &str) -> Self {
        let payment = Some(Payment { amount, paid_at: now, refunded: 0, key: key.to_owned(), card: None });
        Self { payment, ..self.with_state(PurchaseState::Paid) }
    }

    /// The purchase, just paid, by this card payment.
    #[must_use]
    pub fn by_card(mut self, card: CardPaymentId) -> Self {
        if let Some(payment) = self.payment.as_mut() {
            payment.card = Some(card);
        }
        self
    }

    fn with_state(self, state: PurchaseState) -> Self {
        Self { state, settled: true, version: self.version + 1, ..self }
    }

    /// The purchase once a payment was declined; `release` ends it.
    #[must_use]
    pub fn declined(self, release: bool) -> Self {
        let state = if release { PurchaseState::Declined } else { self.state };
        Self { state, declines: self.declines.saturating_add(1), version: self.version + 1, ..self }
    }

    /// The purchase after its payment was given back, and how much that is, in minor units: what is left of it.
    /// `None` when nothing was paid, or all is given back.
    #[must_use]
    pub fn refunded(self) -> Option<(Self, i64)> {
        let amount = self.payment.as_ref()?.amount;
        let (after, back) = self.partly_refunded(amount)?;
        Some((Self { state: PurchaseState::Cancelled, ..after }, back))
    }

    /// The purchase after so many minor units of its payment were given back, and how many that are: what is left of
    /// the payment, if that is less. It stays paid. `None` when nothing was paid, or all is given back.
    #[must_use]
    pub fn partly_refunded(mut self, minor_units: i64) -> Option<(Self, i64)> {
        if self.state != PurchaseState::Paid {
            return None;
        }
        let payment = self.payment.as_mut()?;
        let back = minor_units.min(payment.amount - payment.refunded).max(0);
        payment.refunded += back;
        self.version += 1;
        Some((self, back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn open() -> Purchase {
        Purchase::new(EpochSecond(1_299))
    }

    #[test]
    fn it_may_be_paid_up_to_its_last_second() {
        let purchase = open();
        assert_eq!(purchase.may_be_paid(at(1_299)), Ok(()));
        assert_eq!(purchase.may_be_paid(at(1_300)), Err(PayError::HoldExpired));
        assert_eq!(
            (purchase.state_at(at(1_299)), purchase.state_at(at(1_300))),
            (PurchaseState::Open, PurchaseState::Expired)
        );
        assert_eq!(purchase.expires_at(), at(1_300));
        assert_eq!(purchase.clone().declined(true).may_be_paid(at(1_000)), Err(PayError::Declined));
        let kept = purchase.declined(false);
        assert_eq!((kept.may_be_paid(at(1_000)), kept.declines, kept.version), (Ok(()), 1, 2));
    }

    #[test]
    fn cancelling_says_what_it_means() {
        let purchase = open();
        assert_eq!(purchase.cancel(at(1_299)), Ok(Cancel::Release));
        assert_eq!(purchase.cancel(at(1_300)), Ok(Cancel::Expire));
        assert_eq!(purchase.clone().released().cancel(at(1_301)), Ok(Cancel::AlreadyEnded));
        assert_eq!(purchase.clone().declined(true).released().state, PurchaseState::Declined);
        assert_eq!(purchase.paid(5, at(1_000), "").cancel(at(1_000)), Err(AlreadyPaid));
    }

    #[test]
    fn it_expires_once_after_its_time_unless_it_is_paid() {
        let purchase = open();
        assert_eq!((purchase.expire(at(1_299)), purchase.expire(at(1_300))), (Expire::Nothing, Expire::Due));
        assert_eq!(purchase.clone().declined(true).expire(at(1_300)), Expire::Due);
        for ended in [purchase.clone().released(), purchase.clone().cancelled()] {
            assert_eq!((ended.expire(at(1_299)), ended.expire(at(1_300))), (Expire::Before, Expire::Before));
        }
        assert_eq!(purchase.paid(5, at(1_000), "").expire(at(1_300)), Expire::Nothing);
    }

    #[test]
    fn a_decline_that_ends_it_is_released_once() {
        assert!(!open().is_release_due());
        assert!(!open().declined(false).is_release_due());
        assert!(open().declined(true).is_release_due());
        assert!(!open().declined(true).released().is_release_due());
    }

    #[test]
    fn a_state_has_one_name_with_each_owner() {
        for open in ["held", "pending"] {
            let names = PurchaseState::ALL.map(|state| state.name(open));
            assert_eq!(names, [open, "paid", "cancelled", "expired", "declined"]);
            assert_eq!(names.map(|name| PurchaseState::parse(name, open)), PurchaseState::ALL.map(Some));
        }
        assert_eq!(PurchaseState::parse("pending", "held"), None);
    }

    #[test]
    fn what_is_paid_is_given_back_once() {
        assert_eq!(open().refunded(), None);
        let (refunded, back) = open().paid(230, at(1_000), "").refunded().expect("a refund");
        assert_eq!(
            (back, refunded.state, refunded.settled, refunded.version),
            (230, PurchaseState::Cancelled, true, 3)
        );
        assert_eq!(refunded.payment.as_ref().map(|payment| payment.refunded), Some(230));
        assert_eq!(refunded.refunded(), None);
    }

    proptest! {
        /// Whatever is given back of a payment, in whatever parts: never more than was paid, and with the rest all of
        /// it.
        #[test]
        fn parts_and_rest_are_what_was_paid(
            amount in 0..1_000_000_i64, parts in proptest::collection::vec(-1_000..1_000_000_i64, 0..10),
        ) {
            let mut purchase = open().paid(amount, at(1_000), "");
            let mut given_back = 0;
            for part in parts {
                let (after, back) = purchase.partly_refunded(part).expect("it is paid");
                prop_assert!((0..=amount).contains(&back) && back <= part.max(0));
                given_back += back;
                prop_assert_eq!((after.state, after.payment.as_ref().map(|payment| payment.refunded)),
                                (PurchaseState::Paid, Some(given_back)));
                purchase = after;
            }
            let (refunded, rest) = purchase.refunded().expect("it is paid");
            prop_assert_eq!((given_back + rest, refunded.state), (amount, PurchaseState::Cancelled));
            prop_assert_eq!(refunded.partly_refunded(1), None);
        }
    }
}
