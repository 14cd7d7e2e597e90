//! A card payment as the table has it, beside what the provider says of it.

use crate::wallet::cards::card_payment::{CardPayment, CardPaymentState, ProviderState};

/// A payment as the provider knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtProvider<'a> {
    /// The id of its payment intent.
    pub intent: &'a str,
    /// ISO 4217 code of its currency.
    pub currency: &'a str,
    /// Where it stands.
    pub state: ProviderState,
    /// The sum of its refunds that are made, in minor units.
    pub refunded: i64,
}

/// How the two sides differ; amounts in minor units.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The provider has authorised or charged what the table does not know.
    #[error("the table does not have it, and {0} are authorised or charged")]
    NotInTable(i64),
    /// The table names a payment intent that the provider does not know.
    #[error("the provider does not know it")]
    NotWithProvider,
    /// The card payment belongs to another payment intent.
    #[error("its card payment belongs to another payment intent")]
    OtherIntent,
    /// The currencies are not the same.
    #[error("the table has {ours}, the provider {theirs}")]
    Currency {
        /// The table's.
        ours: String,
        /// The provider's.
        theirs: String,
    },
    /// Something else is charged than the table says.
    #[error("charged: {ours} in the table, {theirs} with the provider")]
    Charge {
        /// The table's.
        ours: i64,
        /// The provider's.
        theirs: i64,
    },
    /// Something else went back than the table says.
    #[error("refunded: {ours} in the table, {theirs} with the provider")]
    Refunds {
        /// The table's.
        ours: i64,
        /// The provider's.
        theirs: i64,
    },
    /// Nothing will be sold for it, and the money is still reserved on the card.
    #[error("it has ended, and {0} are still authorised")]
    StillAuthorised(i64),
}

/// The outcome of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Both say the same.
    Agree,
    /// One of them is still at work.
    UnderWay,
    /// They differ.
    Differ(Difference),
}

/// Compares a card payment, of whose refunds `made` minor units are made and `due` are still to be made.
#[must_use]
pub fn compare(ours: &CardPayment, made: i64, due: i64, theirs: &AtProvider<'_>) -> Compared {
    if ours.currency != theirs.currency {
        let (ours, theirs) = (ours.currency.clone(), theirs.currency.to_owned());
        return Compared::Differ(Difference::Currency { ours, theirs });
    }
    if ours.intent.as_deref().is_some_and(|known| known != theirs.intent) {
        return Compared::Differ(Difference::OtherIntent);
    }
    if !ours.state.is_at_rest() || due > 0 || theirs.state == ProviderState::Processing {
        return Compared::UnderWay;
    }
    let expected = if ours.state == CardPaymentState::Captured { ours.amount.get() } else { 0 };
    let charged = match theirs.state {
        ProviderState::Charged(amount) => amount,
        ProviderState::Authorised(amount) if expected == 0 => {
            return Compared::Differ(Difference::StillAuthorised(amount));
        }
        ProviderState::Authorised(_) | ProviderState::Unpaid | ProviderState::Processing | ProviderState::Cancelled => {
            0
        }
    };
    if charged != expected {
        return Compared::Differ(Difference::Charge { ours: expected, theirs: charged });
    }
    if made != theirs.refunded {
        return Compared::Differ(Difference::Refunds { ours: made, theirs: theirs.refunded });
    }
    Compared::Agree
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::cards::card_payment::example;

    fn theirs(state: ProviderState) -> AtProvider<'static> {
        AtProvider { intent: "pi_1", currency: "KRW", state, refunded: 0 }
    }

    #[test]
    fn a_charge_that_both_know_and_one_that_neither_has_agree() {
        let cases = [
            (CardPaymentState::Captured, ProviderState::Charged(500)),
            (CardPaymentState::Void, ProviderState::Cancelled),
            (CardPaymentState::Void, ProviderState::Unpaid),
            (CardPaymentState::Reversed, ProviderState::Cancelled),
        ];
        for (state, provider) in cases {
            assert_eq!(compare(&example(state), 0, 0, &theirs(provider)), Compared::Agree, "{state:?} {provider:?}");
        }
    }

    #[test]
    fn what_is_at_work_is_not_judged() {
        for state in [CardPaymentState::Open, CardPaymentState::Committed, CardPaymentState::Abandoned] {
            assert_eq!(compare(&example(state), 0, 0, &theirs(ProviderState::Authorised(500))), Compared::UnderWay);
        }
        let captured = example(CardPaymentState::Captured);
        assert_eq!(compare(&captured, 0, 100, &theirs(ProviderState::Charged(500))), Compared::UnderWay);
    }

    #[test]
    fn each_difference_is_told_apart() {
        let differs = |state, made, theirs: AtProvider<'static>| match compare(&example(state), made, 0, &theirs) {
            Compared::Differ(difference) => difference,
            other => panic!("{other:?}"),
        };
        let charged = theirs(ProviderState::Charged(500));
        let captured = CardPaymentState::Captured;
        assert_eq!(differs(CardPaymentState::Void, 0, charged), Difference::Charge { ours: 0, theirs: 500 });
        assert_eq!(
            differs(captured, 0, theirs(ProviderState::Authorised(500))),
            Difference::Charge { ours: 500, theirs: 0 }
        );
        assert_eq!(
            differs(CardPaymentState::Void, 0, theirs(ProviderState::Authorised(500))),
            Difference::StillAuthorised(500)
        );
        assert_eq!(differs(captured, 200, charged), Difference::Refunds { ours: 200, theirs: 0 });
        assert_eq!(
            differs(captured, 0, AtProvider { refunded: 7, ..charged }),
            Difference::Refunds { ours: 0, theirs: 7 }
        );
        assert_eq!(differs(captured, 0, AtProvider { intent: "pi_2", ..charged }), Difference::OtherIntent);
        let (ours, theirs) = ("KRW".to_owned(), "JPY".to_owned());
        assert_eq!(
            differs(captured, 0, AtProvider { currency: "JPY", ..charged }),
            Difference::Currency { ours, theirs }
        );
    }
}
