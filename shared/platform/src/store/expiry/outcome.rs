//! The outcome of expiring a reservation or an order.

/// The outcome of expiring a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpiryOutcome {
    /// Its seats, units or coupon were given back, now.
    Now,
    /// They had been given back by another process that was faster.
    Before,
    /// It is paid, live or not there: nothing to give back.
    Nothing,
}
