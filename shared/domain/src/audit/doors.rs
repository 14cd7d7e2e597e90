//! Dead codes: those that reservations say are dead, and those that the lists at the doors name.

use std::collections::BTreeMap;
use std::fmt;

use super::{Differences, Entity, Evidence, What};
use crate::id::{ReservationId, ScheduleId};
use crate::reservations::reservation::Reservation;
use crate::tickets::generation::{Generation, Ordinal};

/// Tickets of which codes are dead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct DeadCodes {
    tickets: i64,
    /// The sum of the highest dead generations.
    generations: i64,
    /// The tickets, each with its generation.
    which: Evidence,
}

impl DeadCodes {
    fn add(&mut self, reservation: ReservationId, ordinal: Ordinal, dead: Generation) {
        self.tickets += 1;
        self.generations += i64::from(dead.get());
        self.which.add((reservation, ordinal, dead));
    }

    fn merge(&mut self, other: Self) {
        self.tickets += other.tickets;
        self.generations += other.generations;
        self.which.merge(other.which);
    }
}

impl fmt::Display for DeadCodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {} tickets", self.generations, self.tickets)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Door {
    /// As reservations say.
    owned: DeadCodes,
    /// As the list says.
    listed: DeadCodes,
    evidence: Evidence,
}

/// The dead codes of all dates that have some.
#[derive(Debug, Default)]
pub struct Doors {
    by_date: BTreeMap<ScheduleId, Door>,
}

impl Doors {
    /// How many dates are remembered.
    #[must_use]
    pub fn size(&self) -> usize {
        self.by_date.len()
    }

    /// A reservation in any state.
    pub fn add_reservation(&mut self, reservation: &Reservation) {
        for (ordinal, dead) in reservation.dead_generations() {
            let door = self.by_date.entry(reservation.schedule_id).or_default();
            door.owned.add(reservation.id, ordinal, dead);
            door.evidence.add((reservation.id, reservation.purchase.version));
        }
    }

    /// A ticket on the list at the door of a date, with the highest dead generation.
    pub fn add_listed(&mut self, schedule: ScheduleId, reservation: ReservationId, ordinal: Ordinal, dead: Generation) {
        let door = self.by_date.entry(schedule).or_default();
        door.listed.add(reservation, ordinal, dead);
        door.evidence.add((reservation, ordinal, dead));
    }

    /// Adds what another part of the pass has counted.
    pub fn merge(&mut self, other: Self) {
        for (schedule, part) in other.by_date {
            let sum = self.by_date.entry(schedule).or_default();
            sum.owned.merge(part.owned);
            sum.listed.merge(part.listed);
            sum.evidence.merge(part.evidence);
        }
    }

    /// G1: compares both sides of each date.
    pub fn judge(&self, differences: &mut Differences) {
        for (schedule, Door { owned, listed, evidence }) in &self.by_date {
            if owned == listed {
                continue;
            }
            let (expected, mut found) = (owned.to_string(), listed.to_string());
            if expected == found {
                found.push_str(", but of others");
            }
            differences.add_sum_difference(What::DeadCodes, Entity::Door(*schedule), expected, found, *evidence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reservations::hold::tests::{at, held, seats};

    fn found(doors: &Doors) -> Vec<String> {
        let mut differences = Differences::default();
        doors.judge(&mut differences);
        differences.kept_differences().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_list_names_each_dead_code_and_no_other() {
        let paid = held(&["A-1-1", "A-1-2"]).paid(at(2_000), "");
        let (again, _) = paid.clone().reissued(&seats(&["A-1-2"])[0]).expect("a ticket").expect("a new code");
        let date = again.schedule_id;
        let (first, second) = (Ordinal::new(1).expect("one"), Ordinal::new(2).expect("two"));
        let door = |read: &Reservation, listed: &[Ordinal]| {
            let (mut doors, mut other) = (Doors::default(), Doors::default());
            doors.add_reservation(read);
            listed.iter().for_each(|ordinal| other.add_listed(date, again.id, *ordinal, Generation::FIRST));
            doors.merge(other);
            found(&doors)
        };
        assert_eq!(door(&paid, &[]), [""; 0]);
        assert_eq!(door(&again, &[second]), [""; 0]);
        let of = format!("door of date {date}: dead codes");
        assert_eq!(door(&again, &[]), [format!("{of}: expected 1 of 1 tickets, found 0 of 0 tickets")]);
        assert_eq!(door(&paid, &[second]), [format!("{of}: expected 0 of 0 tickets, found 1 of 1 tickets")]);
        assert_eq!(
            door(&again, &[first]),
            [format!("{of}: expected 1 of 1 tickets, found 1 of 1 tickets, but of others")]
        );
    }
}
