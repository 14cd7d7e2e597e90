//! Gaps: numbers that were given out and that nobody has any more, because their owner left while waiting, or a process
//! threw them away. A gap costs the queue nothing: it is passed over, and never occupies a place.
//!
//! A gap is advice. A number that nobody has and that is not known as a gap is called like any other, and its place
//! comes back when its claim window is over.

use super::{BATCH_NUMBERS_MAX, BATCHES_PER_MOVE_MAX, Queue, batch_end};

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

/// How far a move goes.
pub(super) struct Path {
    /// The last number that is called or passed over.
    pub last: u64,
    /// How many of the numbers are somebody's.
    pub people: u64,
    /// The gaps that are passed over.
    pub passed: Vec<Gap>,
}

impl Queue {
    /// The way from the last number that was called over `gaps`, in order, to that of at most `people_max` people,
    /// among the numbers that had been given out at the last look. Gaps of numbers that were called already are left
    /// out: they are dealt with by their batches.
    pub(super) fn path(&self, people_max: u64, gaps: &[Gap]) -> Path {
        let full = (BATCHES_PER_MOVE_MAX - 1) * BATCH_NUMBERS_MAX;
        let mut until = self.seen.min(batch_end(self.serving + 1) + full);
        if let Some(furthest) = gaps.last().filter(|_| gaps.len() >= GAPS_PER_MOVE_MAX) {
            // There may be more of them behind.
            until = until.min(furthest.last);
        }
        let mut path = Path { last: self.serving, people: 0, passed: Vec::new() };
        let walk = |path: &mut Path, to: u64| {
            let more = to.min(until).saturating_sub(path.last).min(people_max - path.people);
            path.last += more;
            path.people += more;
        };
        for gap in gaps.iter().filter(|gap| gap.first > self.serving) {
            walk(&mut path, gap.first - 1);
            if path.last + 1 != gap.first || gap.last > until {
                return path;
            }
            path.last = gap.last;
            path.passed.push(*gap);
        }
        walk(&mut path, until);
        path
    }
}
