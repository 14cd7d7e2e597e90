//! How a process takes numbers from a queue's counter: one by one, and in short leases while far more people join than
//! one counter can be asked for.
//!
//! A function may be frozen between two requests for minutes, so a lease is worth nothing after a fifth of a second:
//! the numbers left in it are gaps, and are told as such by the next request. Order is exact below
//! [`LEASED_FROM_PER_SECOND`] and within that fifth above.

use jiff::{SignedDuration, Timestamp};

use crate::queue::gaps::Gap;

/// Numbers given out in a second above which processes lease: half of what one item can be written.
pub const LEASED_FROM_PER_SECOND: u64 = 500;
/// How long a leased number may be given out.
pub const LEASE: SignedDuration = SignedDuration::from_millis(200);
/// For how long a measured rate counts.
const MEASURED_FOR: SignedDuration = SignedDuration::from_secs(1);
/// Most numbers of one lease.
pub const LEASE_NUMBERS_MAX: u64 = 100;
/// Most gaps that a process keeps until it notes them; more are forgotten.
pub const UNTOLD_MAX: usize = 16;

/// The numbers that a process has leased from a queue's counter.
#[derive(Clone, Debug)]
pub struct NumberLease {
    /// The lease: next and last number, and when it was taken.
    leased: Option<(u64, u64, Timestamp)>,
    /// Since when joins are counted, and what the counter was then.
    since: Option<(Timestamp, u64)>,
    /// Numbers this process has given out since then.
    own: u64,
    /// How many numbers to take next time.
    wanted: u64,
    /// The rest of old leases, not noted as gaps yet.
    unused: Vec<Gap>,
}

impl Default for NumberLease {
    fn default() -> Self {
        Self { leased: None, since: None, own: 0, wanted: 1, unused: Vec::new() }
    }
}

impl NumberLease {
    /// The next number of the lease, if there is one that may still be given out.
    pub fn take(&mut self, now: Timestamp) -> Option<u64> {
        let (next, last, at) = self.leased?;
        let fresh = (SignedDuration::ZERO..LEASE).contains(&at.duration_until(now));
        if !fresh || next > last {
            self.drop_lease();
            return None;
        }
        self.leased = Some((next + 1, last, at));
        self.own += 1;
        Some(next)
    }

    /// How many numbers to take from the counter now. What was measured long ago says nothing.
    #[must_use]
    pub fn count_to_take(&self, now: Timestamp) -> u64 {
        let recent = self
            .since
            .is_some_and(|(since, _)| (SignedDuration::ZERO..MEASURED_FOR).contains(&since.duration_until(now)));
        if recent { self.wanted } else { 1 }
    }

    /// Notes that `count` numbers up to `last` were taken from the counter, and gives the first of them out.
    pub fn add_lease(&mut self, last: u64, count: u64, now: Timestamp) -> u64 {
        let first = (last + 1).saturating_sub(count);
        self.own += 1;
        // Of two requests side by side that both took some, the later lease counts.
        self.drop_lease();
        self.leased = (count > 1).then_some((first + 1, last, now));
        match self.since {
            None => self.since = Some((now, first.saturating_sub(1))),
            Some((since, counter)) => {
                let passed = since.duration_until(now);
                if passed >= LEASE {
                    let milliseconds = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).max(1);
                    let all_per_second = last.saturating_sub(counter).saturating_mul(1_000) / milliseconds;
                    let own_in_lease = (self.own * lease_milliseconds()).div_ceil(milliseconds);
                    let leases = all_per_second > LEASED_FROM_PER_SECOND;
                    self.wanted = if leases { own_in_lease.clamp(1, LEASE_NUMBERS_MAX) } else { 1 };
                    (self.since, self.own) = (Some((now, last)), 0);
                } else if passed.is_negative() {
                    (self.since, self.own) = (Some((now, last)), 0);
                }
            }
        }
        first
    }

    /// Numbers that were taken from the counter and will be given to nobody; each once.
    pub fn take_unused(&mut self) -> Vec<Gap> {
        std::mem::take(&mut self.unused)
    }

    fn drop_lease(&mut self) {
        let left = self.leased.take().map(|(first, last, _)| Gap { first, last });
        self.unused.extend(left.filter(|left| left.count() > 0 && self.unused.len() < UNTOLD_MAX));
    }
}

fn lease_milliseconds() -> u64 {
    u64::try_from(LEASE.as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
