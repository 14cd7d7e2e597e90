//! Seats: how many of a section its blocks say are sold and held, and how many reservations say they own and hold.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Differences, Entity, Evidence, What};
use crate::id::ScheduleId;
use crate::purchases::purchase::PurchaseState;
use crate::reservations::reservation::Reservation;
use crate::seats::{Label, SeatId, SeatValue};
use crate::time::EpochSecond;

/// A hold that ends so soon is not looked for in its block: an instance whose clock is ahead may have passed the seat
/// on already, or ended the reservation.
pub const CLOCKS_APART_SECONDS: u32 = 30;

/// The second after which a hold must last at `now` to be looked at.
fn checked_from(now: Timestamp) -> EpochSecond {
    EpochSecond::begun(now).plus(CLOCKS_APART_SECONDS)
}

/// The value that the seats of a reservation's live tickets must have in their blocks, if they must have one.
#[must_use]
pub fn expected_value(reservation: &Reservation, now: Timestamp) -> Option<SeatValue> {
    let purchase = &reservation.purchase;
    let open = matches!(purchase.state, PurchaseState::Open | PurchaseState::Declined) && !purchase.settled;
    match purchase.state {
        PurchaseState::Paid => Some(SeatValue::Sold { reservation: reservation.id }),
        _ if open && purchase.held_until > checked_from(now) => Some(reservation.held_value()),
        _ => None,
    }
}

impl Differences {
    /// Compares the value that a live ticket's seat must have with the text in its block.
    pub fn compare_seat(&mut self, schedule: ScheduleId, seat: &SeatId, expected: SeatValue, found: Option<&str>) {
        let of = Entity::Seat(schedule, seat.clone());
        self.compare(What::Seat, of, expected.to_string(), found.unwrap_or("no such seat").to_owned());
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    sold: i64,
    held: i64,
}

#[derive(Debug, Default)]
struct Section {
    /// The counts of the blocks.
    there: Counts,
    /// The counts of the reservations.
    owned: Counts,
    evidence: Evidence,
}

/// The seats of all sections.
#[derive(Debug, Default)]
pub struct Sections {
    by_section: BTreeMap<(ScheduleId, Label), Section>,
}

impl Sections {
    /// How many sections are remembered.
    #[must_use]
    pub fn size(&self) -> usize {
        self.by_section.len()
    }

    fn entry(&mut self, schedule: ScheduleId, section: &Label) -> &mut Section {
        self.by_section.entry((schedule, section.clone())).or_default()
    }

    /// A reservation in any state: what has given its seats back meanwhile has moved them.
    pub fn add_reservation(&mut self, reservation: &Reservation) {
        let sections: BTreeSet<&Label> = reservation.tickets.iter().map(|ticket| &ticket.seat.section).collect();
        for section in sections {
            self.entry(reservation.schedule_id, section).evidence.add((reservation.id, reservation.purchase.version));
        }
    }

    /// A seat as its block has it.
    pub fn add_seat(&mut self, schedule: ScheduleId, section: &Label, value: SeatValue, now: Timestamp) {
        let section = self.entry(schedule, section);
        section.evidence.add(value);
        match value {
            SeatValue::Sold { .. } => section.there.sold += 1,
            SeatValue::Held { until, .. } if until > checked_from(now) => section.there.held += 1,
            SeatValue::Held { .. } | SeatValue::Free => {}
        }
    }

    /// A live ticket, whose seat must have the value `expected`.
    pub fn add_ticket(&mut self, schedule: ScheduleId, section: &Label, expected: SeatValue) {
        let owned = &mut self.entry(schedule, section).owned;
        match expected {
            SeatValue::Sold { .. } => owned.sold += 1,
            SeatValue::Held { .. } | SeatValue::Free => owned.held += 1,
        }
    }

    /// Adds what another part of the pass has counted.
    pub fn merge(&mut self, other: Self) {
        for (section, part) in other.by_section {
            let sum = self.by_section.entry(section).or_default();
            for (sum, part) in [(&mut sum.there, part.there), (&mut sum.owned, part.owned)] {
                sum.sold += part.sold;
                sum.held += part.held;
            }
            sum.evidence.merge(part.evidence);
        }
    }

    /// Compares both sides of each section.
    pub fn judge(&self, differences: &mut Differences) {
        for ((schedule, section), Section { there, owned, evidence }) in &self.by_section {
            let counts = [(What::SeatsSold, owned.sold, there.sold), (What::SeatsHeld, owned.held, there.held)];
            for (what, owned, there) in counts {
                if owned != there {
                    let of = Entity::Section(*schedule, section.clone());
                    differences.add_sum_difference(what, of, owned, there, *evidence);
                }
            }
        }
    }
}
