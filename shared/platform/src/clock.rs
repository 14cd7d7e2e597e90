//! Time: the clock that everything reads, and a stopwatch.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Where the time comes from. Only this type reads the clock of the machine.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that moves only when told to: tests.
    Manual(Arc<ManualClock>),
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock {
    /// Since the epoch.
    millisecond: AtomicI64,
    reads: AtomicU64,
}

impl Clock {
    /// A clock that stands at `now` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(now: Timestamp) -> Self {
        let millisecond = AtomicI64::new(now.as_millisecond());
        Self::Manual(Arc::new(ManualClock { millisecond, reads: AtomicU64::new(0) }))
    }

    /// How often a manual clock was read: whoever has not read it cannot tell that time has passed.
    #[must_use]
    pub fn reads(&self) -> u64 {
        if let Self::Manual(clock) = self { clock.reads.load(Ordering::SeqCst) } else { 0 }
    }

    /// The time now, to the millisecond.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        let millisecond = match self {
            Self::System => Timestamp::now().as_millisecond(),
            Self::Manual(clock) => {
                clock.reads.fetch_add(1, Ordering::SeqCst);
                clock.millisecond.load(Ordering::SeqCst)
            }
        };
        Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX)
    }

    /// Moves a manual clock on (or back); the machine's clock cannot be moved and is left alone.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Manual(clock) = self {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            clock.millisecond.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// Measures how long something has gone on, on a clock that never jumps.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(tokio::time::Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
