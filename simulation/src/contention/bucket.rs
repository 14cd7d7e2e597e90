//! A quota of so many units a second.

use std::time::Duration;

/// Fills with time up to its burst, and refuses when it is empty.
///
/// A write may take more than is left: `DynamoDB` learns the size of a write when it is done. Then it is below zero,
/// and refuses until time has filled it again.
#[derive(Clone, Debug)]
pub struct Bucket {
    rate: f64,
    burst: f64,
    level: f64,
    filled_at: Duration,
}

impl Bucket {
    /// A full one with `rate` units a second, of which `burst` may be taken at once.
    #[must_use]
    pub fn new(rate: f64, burst: f64) -> Self {
        Self { rate, burst, level: burst, filled_at: Duration::ZERO }
    }

    /// Whether there is anything left at `now`, which is counted from when it was made.
    pub fn has(&mut self, now: Duration) -> bool {
        if self.rate.is_infinite() {
            return true;
        }
        let passed = now.saturating_sub(self.filled_at).as_secs_f64();
        self.level = (self.level + self.rate * passed).min(self.burst);
        self.filled_at = self.filled_at.max(now);
        self.level > 0.0
    }

    /// Takes so many units, whether they are there or not.
    pub fn take(&mut self, units: f64) {
        self.level -= units;
    }

    /// Takes one unit if there is one.
    pub fn takes_one(&mut self, now: Duration) -> bool {
        let has = self.has(now);
        if has {
            self.take(1.0);
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_the_rate_and_the_burst() {
        let mut bucket = Bucket::new(1_000.0, 100.0);
        let taken = (0..5_000).filter(|tenth| bucket.takes_one(Duration::from_micros(tenth * 200))).count();
        assert!((1_090..=1_101).contains(&taken), "{taken}");
    }

    #[test]
    fn what_was_taken_too_much_is_filled_first() {
        let mut bucket = Bucket::new(10.0, 1.0);
        bucket.take(6.0);
        assert!(!bucket.has(Duration::from_millis(490)) && bucket.has(Duration::from_millis(510)));
        assert!(Bucket::new(f64::INFINITY, f64::INFINITY).takes_one(Duration::ZERO));
    }
}
