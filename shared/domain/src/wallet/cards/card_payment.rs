//! A card payment: the provider authorises it, one transaction of ours makes it a sale, and the provider captures it.
//!
//! **A paid purchase or no charge, never both or neither at rest.** The provider's state is never changed before ours
//! says so in the table: it captures only what is [`Committed`](CardPaymentState::Committed), and gives up only what is
//! [`Abandoned`](CardPaymentState::Abandoned) or was given back in whole before it was captured. So whoever carries a
//! payment on, and from wherever, looks at both states and takes the one step that leads on; a step that was taken
//! before is not there to be taken again.

use jiff::Timestamp;

use crate::id::{CardPaymentId, OrderId, ReservationId, UserId};
use crate::money::Amount;
use crate::time::EpochSecond;

/// The purpose of a card payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It pays for a held reservation.
    Reservation(ReservationId),
    /// It pays for a pending order.
    Order(OrderId),
    /// It tops up the wallet.
    TopUp,
}

impl Purpose {
    /// Whether the provider is to authorise first and to capture later. A top-up takes nothing that could be lost in
    /// between, so it is captured at once.
    #[must_use]
    pub fn is_authorised_first(self) -> bool {
        !matches!(self, Self::TopUp)
    }

    /// The reservation or the order that it pays for.
    #[must_use]
    pub fn purchase(self) -> (Option<ReservationId>, Option<OrderId>) {
        match self {
            Self::Reservation(id) => (Some(id), None),
            Self::Order(id) => (None, Some(id)),
            Self::TopUp => (None, None),
        }
    }
}

/// Where a card payment stands with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CardPaymentState {
    /// The buyer may authorise it. Nothing is sold, nothing is charged.
    Open,
    /// The purchase is paid by it, in one transaction with the ledger; the charge is still to be captured.
    Committed,
    /// The provider has the money, and so has the ledger. At rest, but for refunds.
    Captured,
    /// Nothing is to be sold for it any more; the authorisation is still to be given up.
    Abandoned,
    /// Nothing was charged. At rest.
    Void,
    /// The provider refused for good to capture it, and the sale was undone. At rest.
    Reversed,
}

impl CardPaymentState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Committed, Self::Captured, Self::Abandoned, Self::Void, Self::Reversed];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Committed => "committed",
            Self::Captured => "captured",
            Self::Abandoned => "abandoned",
            Self::Void => "void",
            Self::Reversed => "reversed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing is left to be done with the provider.
    #[must_use]
    pub fn is_at_rest(self) -> bool {
        matches!(self, Self::Captured | Self::Void | Self::Reversed)
    }

    /// Whether the ledger has the money as come in.
    #[must_use]
    pub fn is_charged(self) -> bool {
        matches!(self, Self::Committed | Self::Captured | Self::Reversed)
    }
}

/// Where it stands with the provider, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderState {
    /// The buyer has authorised nothing yet, or the last try was declined.
    Unpaid,
    /// A charge is under way that can be neither stopped nor counted on.
    Processing,
    /// So many minor units are authorised, and not charged.
    Authorised(i64),
    /// So many minor units are charged.
    Charged(i64),
    /// It is given up, and charges nothing any more.
    Cancelled,
}

/// The next step of a card payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is at rest, or the buyer's turn.
    Rest,
    /// Sell what it pays for, and let the charge be captured after that; if it cannot be sold, abandon it.
    Sell,
    /// The money is there already: sell what it pays for, and if that cannot be sold, put it into the wallet.
    Receive,
    /// Tell the provider to capture the charge.
    Capture,
    /// Tell the provider to give the authorisation up.
    GiveUp,
    /// Nothing will be sold for it.
    Abandon,
    /// Note that the provider has the money.
    NoteCaptured,
    /// Note that nothing was charged.
    NoteVoid,
    /// Undo the sale: the charge will never come.
    Reverse,
}

/// A card payment of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPayment {
    /// Its id, which the provider keeps with it.
    pub id: CardPaymentId,
    /// Whose.
    pub user: UserId,
    /// What for.
    pub purpose: Purpose,
    /// The amount to charge, in minor units of `currency`.
    pub amount: Amount,
    /// ISO 4217 code of the currency, as it was when the payment began.
    pub currency: String,
    /// The id of the provider's payment intent, once there is one.
    pub intent: Option<String>,
    /// Where it stands.
    pub state: CardPaymentState,
    /// Whether its money is in the wallet instead of in a purchase.
    pub in_wallet: bool,
    /// The sum of its refunds that are made or due, in minor units.
    pub refunded: i64,
    /// How many refunds it had; their numbers count from 1.
    pub refunds: u32,
    /// Digest of the request that began it.
    pub fingerprint: String,
    /// When it began.
    pub began_at: Timestamp,
    /// The first second in which the sweep carries it on; `None` at rest.
    pub due_at: Option<EpochSecond>,
    /// Rises with every write; 1 at first.
    pub version: u64,
}

/// Seconds after a step that was not taken at which the sweep looks again.
pub const LOOK_AGAIN_SECONDS: u32 = 60;

/// Seconds that a buyer has to authorise a top-up.
pub const TOP_UP_SECONDS: u32 = 1_800;

impl CardPayment {
    /// Whether the buyer's time to authorise it is over at `now`.
    #[must_use]
    pub fn is_overdue(&self, now: EpochSecond) -> bool {
        self.due_at.is_some_and(|due| due <= now)
    }

    // P6: the provider is told to capture only what is sold, and to give up only what is not.
    /// The next step, once the provider was seen in `provider` state at `now`.
    #[must_use]
    pub fn next_step(&self, provider: ProviderState, now: EpochSecond) -> Step {
        match (self.state, provider) {
            (state, _) if state.is_at_rest() => Step::Rest,
            (CardPaymentState::Open, ProviderState::Authorised(amount)) if amount == self.amount.get() => Step::Sell,
            (CardPaymentState::Open | CardPaymentState::Abandoned, ProviderState::Charged(amount))
                if amount == self.amount.get() =>
            {
                Step::Receive
            }
            // Another amount than was asked for is nobody's to take: it is given up where it can be.
            (CardPaymentState::Open, ProviderState::Authorised(_)) => Step::Abandon,
            (CardPaymentState::Open, ProviderState::Unpaid) if self.is_overdue(now) => Step::Abandon,
            (CardPaymentState::Open, ProviderState::Cancelled) => Step::NoteVoid,
            // All of it was given back before it was captured: then nothing is to be charged at all.
            (CardPaymentState::Committed, ProviderState::Authorised(_)) if self.rest() == 0 => Step::GiveUp,
            (CardPaymentState::Committed, ProviderState::Authorised(_)) => Step::Capture,
            (CardPaymentState::Committed, ProviderState::Charged(_)) => Step::NoteCaptured,
            (CardPaymentState::Committed, ProviderState::Cancelled | ProviderState::Unpaid) => Step::Reverse,
            (CardPaymentState::Abandoned, ProviderState::Authorised(_) | ProviderState::Unpaid) => Step::GiveUp,
            (CardPaymentState::Abandoned, ProviderState::Cancelled) => Step::NoteVoid,
            // A charge that is under way is waited for, and a charge of another amount is for people to look at.
            (_, ProviderState::Processing | ProviderState::Unpaid | ProviderState::Charged(_)) => Step::Rest,
            (_, ProviderState::Authorised(_) | ProviderState::Cancelled) => Step::Rest,
        }
    }

    /// It in another state; the sweep looks again at `due_at` unless it is at rest.
    #[must_use]
    pub fn moved_to(self, state: CardPaymentState, due_at: EpochSecond) -> Self {
        let due_at = (!state.is_at_rest()).then_some(due_at);
        Self { state, due_at, version: self.version + 1, ..self }
    }

    /// It with the provider's intent.
    #[must_use]
    pub fn with_intent(self, intent: String) -> Self {
        Self { intent: Some(intent), version: self.version + 1, ..self }
    }

    /// The part of it that is charged and not given back, in minor units.
    #[must_use]
    pub fn rest(&self) -> i64 {
        if self.state.is_charged() { self.amount.get() - self.refunded } else { 0 }
    }

    // P8: never more than is left of the charge.
    /// It with one more refund of `amount` minor units, and the number of that refund; `None` if that is nothing, or
    /// more than is left.
    #[must_use]
    pub fn with_refund(self, amount: i64) -> Option<(Self, u32)> {
        let number = self.refunds.checked_add(1)?;
        (1..=self.rest()).contains(&amount).then(|| {
            let refunded = self.refunded + amount;
            (Self { refunded, refunds: number, version: self.version + 1, ..self }, number)
        })
    }

    /// It once a refund of `amount` minor units came back, because the card took none.
    #[must_use]
    pub fn with_refund_returned(self, amount: i64) -> Self {
        Self { refunded: self.refunded - amount, version: self.version + 1, ..self }
    }
}

/// A top-up of 500 in that state.
#[cfg(test)]
pub(super) fn example(state: CardPaymentState) -> CardPayment {
    use uuid::Uuid;
    CardPayment {
        id: CardPaymentId(Uuid::from_u128(1)),
        user: UserId(Uuid::from_u128(2)),
        purpose: Purpose::TopUp,
        amount: Amount::parse(500).expect("in range"),
        currency: "KRW".to_owned(),
        intent: Some("pi_1".to_owned()),
        state,
        in_wallet: state == CardPaymentState::Captured,
        refunded: 0,
        refunds: 0,
        fingerprint: String::new(),
        began_at: Timestamp::UNIX_EPOCH,
        due_at: (!state.is_at_rest()).then_some(EpochSecond(100)),
        version: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the provider may make of a payment between two of our looks, by itself or by the buyer.
    fn by_itself(state: ProviderState, choice: u8) -> ProviderState {
        match (state, choice % 4) {
            (ProviderState::Unpaid, 1) => ProviderState::Authorised(500),
            (ProviderState::Unpaid, 2) => ProviderState::Processing,
            (ProviderState::Processing, 1) => ProviderState::Charged(500),
            (ProviderState::Processing, 2) => ProviderState::Unpaid,
            // An authorisation lapses after days.
            (ProviderState::Authorised(_), 3) => ProviderState::Cancelled,
            (state, _) => state,
        }
    }

    proptest! {
        /// Whatever buyer and provider do between the steps, and whether or not the seats can still be had: when both
        /// are at rest, either the purchase is paid (or the money in the wallet) and the charge is there, or neither.
        #[test]
        fn at_rest_it_is_a_sale_and_a_charge_or_neither(
            choices in proptest::collection::vec((0..4_u8, any::<bool>(), 0..200_u32), 1..60),
        ) {
            let (mut ours, mut provider, mut sold, mut credited) =
                (example(CardPaymentState::Open), ProviderState::Unpaid, false, false);
            let late = choices.iter().map(|_| (0, true, 200)).take(20);
            for (choice, can_be_sold, now) in choices.iter().copied().chain(late) {
                provider = by_itself(provider, choice);
                let now = EpochSecond(now);
                let to = |ours: CardPayment, state| ours.moved_to(state, EpochSecond(100));
                ours = match ours.next_step(provider, now) {
                    Step::Rest => ours,
                    Step::Sell if can_be_sold => { sold = true; to(ours, CardPaymentState::Committed) }
                    Step::Sell | Step::Abandon => to(ours, CardPaymentState::Abandoned),
                    Step::Receive => {
                        if can_be_sold { sold = true } else { credited = true }
                        to(ours, CardPaymentState::Captured)
                    }
                    Step::Capture => { provider = ProviderState::Charged(500); ours }
                    Step::GiveUp => { provider = ProviderState::Cancelled; ours }
                    Step::NoteCaptured => to(ours, CardPaymentState::Captured),
                    Step::NoteVoid => to(ours, CardPaymentState::Void),
                    Step::Reverse => { sold = false; to(ours, CardPaymentState::Reversed) }
                };
                let charged = matches!(provider, ProviderState::Charged(_));
                if ours.state.is_at_rest() {
                    prop_assert_eq!(sold || credited, charged, "{:?} {:?}", ours.state, provider);
                }
                prop_assert_eq!(ours.due_at.is_none(), ours.state.is_at_rest());
                if charged { prop_assert!(ours.state != CardPaymentState::Void); }
            }
        }

        /// Refunds in whatever parts are never more than was charged, and their numbers are their own.
        #[test]
        fn refunds_are_never_more_than_the_charge(parts in proptest::collection::vec(-5..300_i64, 0..20)) {
            let mut paid = example(CardPaymentState::Captured);
            let mut numbers = Vec::new();
            for part in parts {
                if let Some((after, number)) = paid.clone().with_refund(part) {
                    prop_assert!(part > 0);
                    numbers.push(number);
                    paid = after;
                }
                prop_assert!((0..=500).contains(&paid.refunded) && paid.rest() == 500 - paid.refunded);
            }
            prop_assert_eq!(numbers, (1..=paid.refunds).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_at_rest_stays_there_whatever_the_provider_says() {
        let states = [
            ProviderState::Unpaid,
            ProviderState::Processing,
            ProviderState::Authorised(500),
            ProviderState::Charged(500),
            ProviderState::Cancelled,
        ];
        for state in CardPaymentState::ALL.into_iter().filter(|state| state.is_at_rest()) {
            for provider in states {
                assert_eq!(example(state).next_step(provider, EpochSecond(9_999)), Step::Rest);
            }
        }
    }

    #[test]
    fn another_amount_than_was_asked_for_sells_nothing() {
        let open = example(CardPaymentState::Open);
        assert_eq!(open.next_step(ProviderState::Authorised(499), EpochSecond(0)), Step::Abandon);
        assert_eq!(open.next_step(ProviderState::Charged(501), EpochSecond(0)), Step::Rest);
        assert_eq!(open.next_step(ProviderState::Authorised(500), EpochSecond(9_999)), Step::Sell);
    }

    #[test]
    fn a_buyer_who_does_nothing_is_waited_for_until_the_time_is_over() {
        let open = example(CardPaymentState::Open);
        assert_eq!(open.next_step(ProviderState::Unpaid, EpochSecond(99)), Step::Rest);
        assert_eq!(open.next_step(ProviderState::Unpaid, EpochSecond(100)), Step::Abandon);
        assert_eq!(open.next_step(ProviderState::Processing, EpochSecond(100)), Step::Rest);
    }

    #[test]
    fn a_state_has_one_name() {
        for state in CardPaymentState::ALL {
            assert_eq!(CardPaymentState::parse(state.as_str()), Some(state));
        }
    }
}
