//! Erasing an account: its name and address go, and nothing that others count on may be left in it.

use jiff::Timestamp;

use crate::purchases::purchase::PurchaseState;
use crate::reservations::reservation::Reservation;

/// Why an account is not erased, in order of precedence: something of it is not at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InUse {
    /// There is money in the wallet.
    #[error("there is money in the wallet")]
    Balance,
    /// A ticket of a date that has not started.
    #[error("there is a ticket of a date that has not started")]
    Ticket,
    /// A hold that may still be paid, or whose seats are not given back yet.
    #[error("there is a live hold")]
    Hold,
    /// An order that may still be paid, or whose units are not given back yet.
    #[error("there is an unpaid order")]
    Order,
    /// A card payment that is not at rest.
    #[error("there is a card payment in progress")]
    CardPayment,
    /// A refund that the payment provider is still to make.
    #[error("there is a refund to a card in progress")]
    CardRefund,
    /// A place in a waiting queue.
    #[error("there is a place in a queue")]
    QueuePlace,
    /// A role. Others have granted it, and others take it away, so that it is known who sees to the concerts.
    #[error("there is a role")]
    Role,
}

/// Whether a user's reservations are all at their end at `now`.
///
/// # Errors
/// [`InUse::Ticket`] or [`InUse::Hold`].
pub fn check_reservations<'a>(
    reservations: impl IntoIterator<Item = &'a Reservation>,
    now: Timestamp,
) -> Result<(), InUse> {
    let mut held = Ok(());
    for reservation in reservations {
        if reservation.purchase.state == PurchaseState::Paid {
            if reservation.starts_at > now && reservation.live_tickets().next().is_some() {
                return Err(InUse::Ticket);
            }
        } else if !reservation.purchase.settled {
            held = Err(InUse::Hold);
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purchases::purchase::Purchase;
    use crate::reservations::hold::tests::{at, held};

    #[test]
    fn what_is_held_or_still_to_come_keeps_an_account() {
        let hold = held(&["A-1-1"]);
        let start = hold.starts_at;
        assert_eq!(check_reservations([], start), Ok(()));
        assert_eq!(check_reservations([&hold], at(2_000)), Err(InUse::Hold));
        // By another clock it may still be paid.
        assert_eq!(check_reservations([&hold], start), Err(InUse::Hold));
        let ended = hold.clone().map_purchase(Purchase::released);
        assert_eq!(check_reservations([&ended], at(2_000)), Ok(()));
        let paid = hold.clone().paid(at(2_000), "");
        assert_eq!(check_reservations([&hold, &paid], at(2_000)), Err(InUse::Ticket), "a ticket before a hold");
        assert_eq!(check_reservations([&paid], start), Ok(()), "its date has started");
        let (refunded, _) = paid.refunded(at(2_000)).expect("in time").expect("paid");
        assert_eq!(check_reservations([&refunded], at(2_000)), Ok(()));
    }
}
