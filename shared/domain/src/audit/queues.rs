//! Queues: the places in use that they count, and those that are known.

use std::collections::BTreeMap;

use super::{Differences, Entity, Evidence, What};
use crate::id::UserId;

#[derive(Clone, Copy, Debug, Default)]
struct Places {
    counted: i128,
    known: i128,
    evidence: Evidence,
}

/// The places of all queues.
#[derive(Debug, Default)]
pub struct Queues {
    by_queue: BTreeMap<String, Places>,
}

impl Queues {
    /// How many queues are remembered.
    #[must_use]
    pub fn size(&self) -> usize {
        self.by_queue.len()
    }

    fn entry(&mut self, queue: &str) -> &mut Places {
        self.by_queue.entry(queue.to_owned()).or_default()
    }

    /// A queue: numbers that were called, and those of them that are over.
    pub fn add_queue(&mut self, queue: &str, serving: u64, finished: u64) {
        let places = self.entry(queue);
        places.counted += i128::from(serving) - i128::from(finished);
        places.evidence.add((serving, finished));
    }

    /// A batch of called numbers, some of them claimed: the others may still be.
    pub fn add_batch(&mut self, queue: &str, first: u64, last: u64, claimed: u64) {
        let places = self.entry(queue);
        places.known += i128::from(last) + 1 - i128::from(first) - i128::from(claimed);
        places.evidence.add((first, claimed));
    }

    /// A token whose owner was admitted and has not ended it.
    pub fn add_admission(&mut self, queue: &str, owner: UserId) {
        let places = self.entry(queue);
        places.known += 1;
        places.evidence.add(owner);
    }

    /// Adds what another part of the pass has counted.
    pub fn merge(&mut self, other: Self) {
        for (queue, part) in other.by_queue {
            let sum = self.entry(&queue);
            sum.counted += part.counted;
            sum.known += part.known;
            sum.evidence.merge(part.evidence);
        }
    }

    /// An end that is not counted yet keeps its place, so more may be counted than are known, but never fewer.
    pub fn judge(&self, differences: &mut Differences) {
        for (queue, places) in &self.by_queue {
            if places.counted < places.known {
                let expected = format!("{} or more", places.known);
                let of = Entity::Queue(queue.clone());
                differences.add_sum_difference(What::QueuePlaces, of, expected, places.counted, places.evidence);
            }
        }
    }
}
