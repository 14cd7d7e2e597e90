//! How many units keys, partitions and indexes take.

use std::time::Duration;

/// The units that one partition key, or one partition, took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heat {
    /// Write units in all.
    pub writes: f64,
    /// Read units in all.
    pub reads: f64,
    /// Write units of its busiest second.
    pub busiest: f64,
    second: u64,
    in_second: f64,
}

impl Heat {
    /// Adds what was taken at `now`, which is counted from when the run began.
    pub fn add(&mut self, now: Duration, writes: f64, reads: f64) {
        if self.second != now.as_secs() {
            (self.second, self.in_second) = (now.as_secs(), 0.0);
        }
        self.in_second += writes;
        self.busiest = self.busiest.max(self.in_second);
        self.writes += writes;
        self.reads += reads;
    }
}
