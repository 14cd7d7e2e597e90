//! Claims of called numbers of a queue, as the table sees them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::contention::calls::ItemKey;
use crate::contention::refusal::Cause;

/// Transactions of a claim: those that committed, and those that the table refused, of which most are tried again.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// When each was committed, since the run began.
    pub committed_at: Vec<Duration>,
    /// How many were refused, by cause.
    pub refused: BTreeMap<Cause, u64>,
}

/// Whether a partition key is one of a queue's batches.
pub fn is_of_batches(partition: &str) -> bool {
    partition.starts_with("QUEUE#") && partition.contains("#BATCHES#")
}

/// Whether these are the items of a claim: an entry and its batch. Moves write batches without entries.
fn is_claim(items: &[ItemKey]) -> bool {
    items.iter().any(|(_, sort)| sort.starts_with("TOKEN#")) && items.iter().any(|(key, _)| is_of_batches(key))
}

impl Claims {
    /// Counts a transaction that was committed at `now`, if it is a claim.
    pub fn commit(&mut self, items: &[ItemKey], now: Duration) {
        if is_claim(items) {
            self.committed_at.push(now);
        }
    }

    /// Counts a transaction that was refused, if it is a claim.
    pub fn refuse(&mut self, items: &[ItemKey], cause: Cause) {
        if is_claim(items) {
            *self.refused.entry(cause).or_default() += 1;
        }
    }
}
