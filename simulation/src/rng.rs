//! The simulation's random numbers: from a seed, or from a record of numbers drawn before.

use onsale_platform::ids::Ids;

/// A source of random numbers that records them all, so that a run can be repeated.
///
/// The number 0 is always the calmest choice. So a record may be cut short or have numbers set to 0, and is still a
/// record: that is how a failing run is made shorter.
pub struct Rng {
    source: Source,
    thrown: Vec<u32>,
}

enum Source {
    Seed(Ids),
    /// After the last throw of the record all others are 0.
    Record(Vec<u32>),
}

impl Rng {
    /// Numbers that repeat for the same seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self { source: Source::Seed(Ids::seeded(&format!("dice {seed}"))), thrown: Vec::new() }
    }

    /// Numbers as they were recorded.
    #[must_use]
    pub fn from_record(record: Vec<u32>) -> Self {
        Self { source: Source::Record(record), thrown: Vec::new() }
    }

    /// A number below `sides`; 0 when there is no other.
    pub fn below(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides).unwrap_or(u64::MAX).max(1);
        let thrown = match &self.source {
            Source::Seed(ids) => ids.below(sides),
            Source::Record(record) => u64::from(record.get(self.thrown.len()).copied().unwrap_or(0)) % sides,
        };
        self.thrown.push(u32::try_from(thrown).unwrap_or(u32::MAX));
        usize::try_from(thrown).unwrap_or(0)
    }

    /// One of several, if there are any.
    pub fn choose<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        several.get(self.below(several.len()))
    }

    /// All numbers so far.
    #[must_use]
    pub fn record(&self) -> &[u32] {
        &self.thrown
    }
}
