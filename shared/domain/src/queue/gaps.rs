//! Gaps: numbers that were given out and that nobody has any more, because their owner left while waiting, or a process
//! threw them away. A gap costs the queue nothing: it is passed over, and never occupies a place.
//!
//! A gap is advice. A number that nobody has and that is not known as a gap is called like any other, and its place
//! comes back when its claim window is over.

/// Most gaps that one look at a queue deals with: with the queue and its batches they are one transaction.
pub const GAPS_PER_MOVE_MAX: usize = 39;

/// Neighbouring numbers that nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The first of them.
    pub first: u64,
    /// The last of them.
    pub last: u64,
}

impl Gap {
    /// One number.
    #[must_use]
    pub fn single(number: u64) -> Self {
        Self { first: number, last: number }
    }

    /// How many numbers it has.
    #[must_use]
    pub fn count(&self) -> u64 {
        (self.last + 1).saturating_sub(self.first)
    }

    /// How many of its numbers lie in `first..=last`.
    #[must_use]
    pub fn count_within(&self, first: u64, last: u64) -> u64 {
        (self.last.min(last) + 1).saturating_sub(self.first.max(first))
    }
}
