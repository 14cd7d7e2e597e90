//! Concerts: how many dates they count, and how many are in their lists.

use std::collections::BTreeMap;

use super::{Differences, Entity, Evidence, What};
use crate::id::ConcertId;

#[derive(Clone, Copy, Debug, Default)]
struct Dates {
    counted: i64,
    listed: i64,
    /// A concert that is deleted for certain loses its dates one by one.
    is_going: bool,
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

    /// A concert with the number of dates that it counts, and whether it is deleted for certain.
    pub fn add_concert(&mut self, id: ConcertId, counted: i64, is_going: bool) {
        let dates = self.by_concert.entry(id).or_default();
        dates.counted += counted;
        dates.is_going |= is_going;
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
            sum.is_going |= part.is_going;
            sum.evidence.merge(part.evidence);
        }
    }

    /// A concert counts the dates in its list.
    pub fn judge(&self, differences: &mut Differences) {
        for (concert, dates) in self.by_concert.iter().filter(|(_, dates)| !dates.is_going) {
            if dates.counted != dates.listed {
                let of = Entity::Concert(*concert);
                differences.add_sum_difference(What::Dates, of, dates.listed, dates.counted, dates.evidence);
            }
        }
    }
}
