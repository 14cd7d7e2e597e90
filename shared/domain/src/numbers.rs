//! How a process takes numbers from a queue's counter: one by one, and in short leases while far more people join than
//! one counter can be asked for.
//!
//! A function may be frozen between two requests for minutes, so a lease is worth nothing after a fifth of a second:
//! the numbers left in it are holes. Order is exact below [`LEASED_FROM_PER_SECOND`] and within that fifth above.

use jiff::{SignedDuration, Timestamp};

/// Numbers given out in a second above which processes lease: half of what one item can be written.
pub const LEASED_FROM_PER_SECOND: u64 = 500;
/// How long a leased number may be given out.
pub const LEASE: SignedDuration = SignedDuration::from_millis(200);
/// Most numbers of one lease.
pub const LEASE_NUMBERS_MAX: u64 = 100;

/// What a process knows of a queue's counter.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// The lease: next and last number, and when it was taken.
    leased: Option<(u64, u64, Timestamp)>,
    /// Since when joins are counted, and what the counter was then.
    since: Option<(Timestamp, u64)>,
    /// Numbers this process has given out since then.
    own: u64,
    /// How many numbers to take next time.
    wanted: u64,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { leased: None, since: None, own: 0, wanted: 1 }
    }
}

impl Numbers {
    /// The next number of the lease, if there is one that may still be given out.
    pub fn take(&mut self, now: Timestamp) -> Option<u64> {
        let (next, last, at) = self.leased?;
        let fresh = (SignedDuration::ZERO..LEASE).contains(&at.duration_until(now));
        if !fresh || next > last {
            self.leased = None;
            return None;
        }
        self.leased = Some((next + 1, last, at));
        self.own += 1;
        Some(next)
    }

    /// How many numbers to take from the counter now.
    #[must_use]
    pub fn wanted(&self) -> u64 {
        self.wanted
    }

    /// Notes that `count` numbers up to `last` were taken from the counter, and gives the first of them out.
    pub fn taken(&mut self, last: u64, count: u64, now: Timestamp) -> u64 {
        let first = (last + 1).saturating_sub(count);
        self.own += 1;
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
}

fn lease_milliseconds() -> u64 {
    u64::try_from(LEASE.as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
