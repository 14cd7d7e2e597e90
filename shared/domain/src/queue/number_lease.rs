//! Leases of a queue's numbers: how more people can join in a second than one counter can be written.
//!
//! A counter is one item of the table, which takes some thousand writes a second. A join that the counter has no more
//! room for takes its number from one of [`LEASES`] leases instead, each an item of its own that holds neighbouring
//! numbers of the counter. So the counter is written once for many joins.
//!
//! **A lease is worth nothing after a fifth of a second**: who comes later has a higher number than who came that much
//! earlier, wherever their numbers came from. Its rest are gaps then.

use jiff::{SignedDuration, Timestamp};

use crate::queue::gaps::Gap;

/// Over how many items the leases of a queue are spread: together they take more joins than API Gateway lets through.
pub const LEASES: u8 = 16;
/// How long the numbers of a lease may be given out.
pub const LEASE: SignedDuration = SignedDuration::from_millis(200);
/// How long a lease is meant to last. Shorter than it may, so that hardly one ends with numbers left.
const MEANT_MILLISECONDS: u64 = 140;
/// The shortest time by which the use of a lease is judged: what was used up sooner may have been chance.
const JUDGED_MILLISECONDS: u64 = 50;
/// Fewest numbers of one lease.
pub const LEASE_NUMBERS_MIN: u64 = 4;
/// Most numbers of one lease: what an item that takes a thousand writes a second gives out in the time meant.
pub const LEASE_NUMBERS_MAX: u64 = 140;

/// Neighbouring numbers that were taken from a queue's counter, and are given out one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberLease {
    /// The first of them.
    pub first: u64,
    /// The one that is given out next.
    pub next: u64,
    /// The last of them.
    pub last: u64,
    /// When they were taken from the counter.
    pub taken_at: Timestamp,
}

impl NumberLease {
    /// `count` numbers up to `last`, of which the first is given out already.
    #[must_use]
    pub fn new(last: u64, count: u64, taken_at: Timestamp) -> Self {
        let first = (last + 1).saturating_sub(count);
        Self { first, next: first + 1, last, taken_at }
    }

    /// The earliest and the latest time at which a lease can have been taken that may be used at `now`. A clock that
    /// took it may be ahead as well.
    #[must_use]
    pub fn taken_between(now: Timestamp) -> (Timestamp, Timestamp) {
        let least = SignedDuration::from_millis(1);
        (now - LEASE + least, now + LEASE - least)
    }

    /// Whether its numbers may be given out at `now`, if there are any left.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let (earliest, latest) = Self::taken_between(now);
        (earliest..=latest).contains(&self.taken_at)
    }

    /// The numbers that were not given out.
    #[must_use]
    pub fn rest(&self) -> Option<Gap> {
        (self.next <= self.last).then_some(Gap { first: self.next, last: self.last })
    }

    /// How many numbers the lease that follows this one should have, so that it is used up in good time.
    #[must_use]
    pub fn count_to_follow(&self, now: Timestamp) -> u64 {
        let used = self.next.saturating_sub(self.first);
        let age = u64::try_from(self.taken_at.duration_until(now).as_millis()).unwrap_or(0);
        let wanted = (used * MEANT_MILLISECONDS).div_ceil(age.max(JUDGED_MILLISECONDS));
        wanted.clamp(LEASE_NUMBERS_MIN, LEASE_NUMBERS_MAX)
    }
}

#[cfg(test)]
mod tests;
