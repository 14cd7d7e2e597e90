//! The verdict of several passes together.
//!
//! A pass reads item after item while others write, so what it has read never was all there at one instant, and it may
//! see a difference that there is not. Such a one does not come again with the same amounts; a real one does.

use std::collections::BTreeSet;

use super::{Difference, Differences};

/// Most passes over the table.
pub const PASSES_MAX: u8 = 3;

/// The outcome of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A whole pass found no difference.
    Agree,
    /// Two passes in a row found the same difference.
    Differ,
    /// Something was not read, or differed in another way each time.
    NoVerdict,
}

impl Outcome {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Differ => "differ",
            Self::NoVerdict => "no verdict",
        }
    }
}

/// How much a pass has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All that there is.
    Whole,
    /// All but what changed in the wrong moment; another pass will.
    Interrupted,
    /// Not all, and another pass would not read more.
    #[default]
    Part,
}

/// The passes that were made so far.
#[derive(Debug, Default)]
pub struct Passes {
    made: u8,
    /// Of the last one.
    extent: Extent,
    last: Differences,
    confirmed: BTreeSet<Difference>,
}

/// The verdict of the passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// In a word.
    pub outcome: Outcome,
    /// How many passes were made.
    pub passes: u8,
    /// Differences that two passes in a row found.
    pub confirmed: BTreeSet<Difference>,
    /// The differences of the last pass alone: not judged.
    pub moving: BTreeSet<Difference>,
    /// How many differences of the last pass were too many to be kept.
    pub left_out: u64,
}

impl Passes {
    /// Adds a pass.
    pub fn add(&mut self, found: Differences, extent: Extent) {
        if self.made > 0 {
            self.confirmed.extend(found.differences.intersection(&self.last.differences).cloned());
        }
        self.made = self.made.saturating_add(1);
        self.extent = extent;
        self.last = found;
    }

    /// Whether another pass could say more.
    #[must_use]
    pub fn need_another(&self) -> bool {
        let unconfirmed = self.last.differences.iter().any(|difference| !self.confirmed.contains(difference));
        self.made < PASSES_MAX && (unconfirmed || self.extent == Extent::Interrupted)
    }

    /// The verdict of all passes.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        let outcome = if !self.confirmed.is_empty() {
            Outcome::Differ
        } else if self.extent == Extent::Whole && self.last.differences.is_empty() {
            Outcome::Agree
        } else {
            Outcome::NoVerdict
        };
        let moving = self.last.differences.difference(&self.confirmed).cloned().collect();
        Verdict { outcome, passes: self.made, moving, confirmed: self.confirmed, left_out: self.last.left_out }
    }
}
