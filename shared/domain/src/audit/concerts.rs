//! Concerts: how many dates they count, and how many are in their lists.

use std::collections::BTreeMap;

use super::{Differences, Entity, Evidence, What};
use crate::id::ConcertId;

#[derive(Clone, Copy, Debug, Default)]
struct Dates {
    counted: i64,
    listed: i64,
    /// A concert whose deletion is committed loses its dates one by one.
    deletion_committed: bool,
    evidence: Evidence,
}

/// The dates of all concerts.
#[derive(Debug, Default)]
pub struct Concerts {
    by_concert: BTreeMap<ConcertId, Dates>,
}

impl Concerts {
    /// How many concerts are remembered.
    #[must_use]
    pub fn size(&self) -> usize {
        self.by_concert.len()
    }

    /// A concert with the number of dates that it counts, and whether its deletion is committed.
    pub fn add_concert(&mut self, id: ConcertId, counted: i64, deletion_committed: bool) {
        let dates = self.by_concert.entry(id).or_default();
        dates.counted += counted;
        dates.deletion_committed |= deletion_committed;
        dates.evidence.add(counted);
    }

    /// A date in a concert's list.
    pub fn add_date(&mut self, concert: ConcertId, sk: &str) {
        let dates = self.by_concert.entry(concert).or_default();
        dates.listed += 1;
        dates.evidence.add(sk);
    }

    /// Adds what another part of the pass has counted.
    pub fn merge(&mut self, other: Self) {
        for (concert, part) in other.by_concert {
            let sum = self.by_concert.entry(concert).or_default();
            sum.counted += part.counted;
            sum.listed += part.listed;
            sum.deletion_committed |= part.deletion_committed;
            sum.evidence.merge(part.evidence);
        }
    }

    /// A concert counts the dates in its list.
    pub fn judge(&self, differences: &mut Differences) {
        for (concert, dates) in self.by_concert.iter().filter(|(_, dates)| !dates.deletion_committed) {
            if dates.counted != dates.listed {
                let of = Entity::Concert(*concert);
                differences.add_sum_difference(What::Dates, of, dates.listed, dates.counted, dates.evidence);
            }
        }
    }
}
