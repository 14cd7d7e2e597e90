//! A refund to a card: a part of a charge that goes back where it came from.

use crate::id::{CardPaymentId, UserId};
use crate::time::EpochSecond;

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardRefundState {
    /// The ledger has it; the provider is still to make it.
    Due,
    /// The provider has made it.
    Made,
    /// The charge was never captured, so there was nothing to send back.
    NotNeeded,
    /// The card took none: the money is in the wallet.
    Returned,
}

impl CardRefundState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Due, Self::Made, Self::NotNeeded, Self::Returned];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Made => "made",
            Self::NotNeeded => "not_needed",
            Self::Returned => "returned",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Seconds after which a refund that was made is looked at once more: a bank may send it back days later, and the
/// report of that may be lost.
pub const LOOK_AT_MADE_SECONDS: u32 = 5 * 86_400;

/// A refund of a part of a card payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRefund {
    /// Of which card payment.
    pub payment: CardPaymentId,
    /// Its number among the refunds of that payment, from 1.
    pub number: u32,
    /// Whose.
    pub user: UserId,
    /// How much, in minor units.
    pub amount: i64,
    /// Where it stands.
    pub state: CardRefundState,
    /// The provider's id of it, once it is made.
    pub provider_refund: Option<String>,
    /// The first second in which the sweep looks at it: while it is due, and once more after it was made. `None` at rest.
    pub due_at: Option<EpochSecond>,
    /// Rises with every write; 1 at first.
    pub version: u64,
}

impl CardRefund {
    /// A new one; the sweep carries it on from `due_at`.
    #[must_use]
    pub fn new(payment: CardPaymentId, number: u32, user: UserId, amount: i64, due_at: EpochSecond) -> Self {
        let (state, due_at) = (CardRefundState::Due, Some(due_at));
        Self { payment, number, user, amount, state, provider_refund: None, due_at, version: 1 }
    }

    /// The id under which ledger and provider know it: `<card payment>-<number>`.
    #[must_use]
    pub fn reference(&self) -> String {
        reference(self.payment, self.number)
    }

    /// It once it is settled at `now`, as the provider knows it. One that was made is looked at once more.
    #[must_use]
    pub fn settled(self, state: CardRefundState, provider_refund: Option<String>, now: EpochSecond) -> Self {
        let provider_refund = provider_refund.or(self.provider_refund);
        let due_at = (state == CardRefundState::Made).then(|| now.plus(LOOK_AT_MADE_SECONDS));
        Self { state, provider_refund, due_at, version: self.version + 1, ..self }
    }

    /// It once it was looked at for the last time.
    #[must_use]
    pub fn at_rest(self) -> Self {
        Self { due_at: None, version: self.version + 1, ..self }
    }
}

/// The id under which ledger and provider know a refund.
#[must_use]
pub fn reference(payment: CardPaymentId, number: u32) -> String {
    format!("{payment}-{number}")
}

/// Reads such an id.
#[must_use]
pub fn parse_reference(text: &str) -> Option<(CardPaymentId, u32)> {
    let (payment, number) = text.rsplit_once('-')?;
    let (payment, number): (CardPaymentId, u32) = (payment.parse().ok()?, number.parse().ok()?);
    (reference(payment, number) == text).then_some((payment, number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_reference_is_read_as_it_was_written() {
        let payment = CardPaymentId(Uuid::from_u128(7));
        assert_eq!(parse_reference(&reference(payment, 12)), Some((payment, 12)));
        for wrong in [
            "",
            "7-1",
            &format!("{payment}"),
            &format!("{payment}-01"),
            &format!("{payment}--1"),
            &format!("{payment}.1"),
        ] {
            assert_eq!(parse_reference(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_state_has_one_name() {
        for state in CardRefundState::ALL {
            assert_eq!(CardRefundState::parse(state.as_str()), Some(state));
        }
    }
}
