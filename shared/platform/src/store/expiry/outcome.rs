//! What closing the books of a reservation or an order came to.

/// What closing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpiryOutcome {
    /// What it had taken was given back, now.
    Now,
    /// It had been given back, by somebody who was faster.
    Before,
    /// It is paid, live or not there: nothing is to be given back.
    Nothing,
}
