//! The guards of a purchase's transactions: the condition of each write.

/// The condition of one write: of holding, ordering, paying, giving up and giving back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// The order or the receipt is not there yet, or no reservation has the number of this one.
    New,
    /// The reservation or order is at the version that was read.
    Version,
    /// The block at this place of a reservation's blocks has its seats as they must be.
    Seats(usize),
    /// Nobody has come in with the tickets whose codes end.
    Unscanned,
    /// The queue token is admitted.
    Admission,
    /// The line at this place of an order takes its units from a shard that has them, at the price and in the state
    /// that was read.
    Stock(usize),
    /// The shard is there, to get units back.
    Restock,
    /// The claim of the coupon is unused, or used by this order.
    Claim,
    /// The user's unpaid orders admit this one, or are at the version that was read.
    Unpaid,
    /// No other movement of the wallet has the number of this one.
    Entry,
    /// The card payment is at the version that was read.
    CardPayment,
    /// No other refund of the card payment has the number of this one.
    CardRefund,
}
