//! Evidence of a sum: the things it was made of.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The things a sum was made of, as one number, whatever the order: sums of other things are not the same difference,
/// even if the amounts are. While units are sold one by one, one is on its way in every pass: never the same one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Evidence(u64);

impl Evidence {
    /// One more thing, in the state in which it was seen.
    pub(super) fn add(&mut self, thing: impl Hash) {
        let mut hasher = DefaultHasher::new();
        thing.hash(&mut hasher);
        self.0 = self.0.wrapping_add(hasher.finish());
    }

    /// Adds the evidence of another part of the pass.
    pub(super) fn merge(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }
}
