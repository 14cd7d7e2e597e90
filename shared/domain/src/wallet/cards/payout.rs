//! Paying a balance out: to the charges by which it came in, newest first.

use crate::id::CardPaymentId;
use crate::money::Amount;
use crate::wallet::cards::card_payment::CardPayment;

/// Most charges to which one payout goes.
pub const CHARGES_MAX: usize = 10;

/// Less came in by card, and is still there, than is to be paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("less has come in by card")]
pub struct TooLittleByCard {
    /// The most that can be paid out at once, in minor units.
    pub most: i64,
}

/// The parts of a payout, each with the charge that it goes to. `charges` come newest first; those whose money is in
/// a purchase are passed over, for a purchase by card is refunded to its card.
///
/// # Errors
/// When the first [`CHARGES_MAX`] of them together are less than `amount`.
pub fn split(amount: Amount, charges: &[CardPayment]) -> Result<Vec<(CardPaymentId, i64)>, TooLittleByCard> {
    let mut left = amount.get();
    let mut parts = Vec::new();
    let in_wallet = charges.iter().filter(|charge| charge.in_wallet && charge.rest() > 0).take(CHARGES_MAX);
    let mut most = 0_i64;
    for charge in in_wallet {
        most = most.saturating_add(charge.rest());
        let part = left.min(charge.rest());
        if part > 0 {
            parts.push((charge.id, part));
            left -= part;
        }
    }
    if left > 0 { Err(TooLittleByCard { most }) } else { Ok(parts) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::cards::card_payment::{CardPaymentState, example};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn charge(id: u128, (amount, refunded, in_wallet): (i64, i64, bool)) -> CardPayment {
        CardPayment {
            id: CardPaymentId(Uuid::from_u128(id)),
            amount: Amount::parse(amount).expect("in range"),
            in_wallet,
            refunded: refunded.min(amount),
            ..example(CardPaymentState::Captured)
        }
    }

    proptest! {
        /// Whatever came in: the parts add up to what is paid out, none is above what is left of its charge, and none
        /// goes to a charge whose money is in a purchase.
        #[test]
        fn parts_are_what_is_paid_out_and_never_above_their_charge(
            amount in 1..2_000_i64,
            came_in in proptest::collection::vec((1..500_i64, 0..500_i64, any::<bool>()), 0..15),
        ) {
            let charges: Vec<CardPayment> =
                came_in.iter().enumerate().map(|(index, charged)| charge(index as u128, *charged)).collect();
            let there: i64 = charges.iter().filter(|charge| charge.in_wallet && charge.rest() > 0)
                .take(CHARGES_MAX).map(CardPayment::rest).sum();
            match split(Amount::parse(amount).expect("in range"), &charges) {
                Err(TooLittleByCard { most }) => prop_assert!(most == there && there < amount),
                Ok(parts) => {
                    prop_assert_eq!(parts.iter().map(|(_, part)| part).sum::<i64>(), amount);
                    prop_assert!(parts.len() <= CHARGES_MAX);
                    for (id, part) in parts {
                        let charge = charges.iter().find(|charge| charge.id == id).expect("of these");
                        prop_assert!(charge.in_wallet && (1..=charge.rest()).contains(&part));
                    }
                }
            }
        }
    }
}
