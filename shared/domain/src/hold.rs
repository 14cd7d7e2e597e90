//! Holding seats: what may be asked for, and what of it the table need not be asked.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::lapses::Paused;
use crate::queue_token::Admission;
use crate::reservation::{Reservation, State, Ticket};
use crate::schedule::{SEATS_PER_USER_MAX, SaleError, Schedule};
use crate::seat::{SeatId, second_rounded_up};

/// Why seats cannot be held, in order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// Before or after the sale.
    #[error(transparent)]
    Sale(#[from] SaleError),
    /// No such section (or, found by the table, no such seat).
    #[error("there is no such seat")]
    SeatNotFound(Vec<SeatId>),
    /// Somebody else holds or owns them.
    #[error("somebody else has the seat")]
    SeatTaken(Vec<SeatId>),
    /// The caller holds or owns them, by a reservation made before.
    #[error("the caller has the seat already")]
    SeatYours {
        /// Those that this reservation has.
        seats: Vec<SeatId>,
        /// Which.
        reservation: Uuid,
        /// Whether they are paid for.
        paid: bool,
    },
    /// Holds of the account for this date were let lapse.
    #[error(transparent)]
    Paused(#[from] Paused),
    /// More than one user may have.
    #[error("no more than {0} seats a person")]
    SeatLimit(u16),
}

/// A list of seats that cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeatListError {
    /// None.
    #[error("must name at least one seat")]
    Empty,
    /// More than any schedule allows.
    #[error("must name at most 50 seats")]
    TooMany,
    /// One twice.
    #[error("must not name a seat twice")]
    Twice,
}

/// Checks the list of seats somebody asks for.
///
/// # Errors
/// When it is empty, longer than [`SEATS_PER_USER_MAX`] or names a seat twice.
pub fn seat_list(seats: Vec<SeatId>) -> Result<Vec<SeatId>, SeatListError> {
    match () {
        () if seats.is_empty() => Err(SeatListError::Empty),
        () if seats.len() > usize::from(SEATS_PER_USER_MAX) => Err(SeatListError::TooMany),
        () if seats.iter().collect::<BTreeSet<_>>().len() != seats.len() => Err(SeatListError::Twice),
        () => Ok(seats),
    }
}

/// Who asks for a hold, under which id, and how long it shall live.
pub struct HoldRequest {
    /// Id of the reservation to make.
    pub id: Uuid,
    /// The buyer.
    pub user: Uuid,
    /// The seats, as [`seat_list`] passed them.
    pub seats: Vec<SeatId>,
    /// Digest of the request.
    pub fingerprint: String,
    /// How long the hold lives.
    pub hold: SignedDuration,
    /// The admission it is made with; the hold does not outlast it.
    pub admission: Option<Admission>,
}

/// Decides on everything about a hold that the table need not be asked for.
///
/// # Errors
/// Outside the sale, for sections that do not exist, for more seats than one user may have.
pub fn hold(request: HoldRequest, schedule: &Schedule, now: Timestamp) -> Result<Reservation, HoldError> {
    schedule.on_sale(now)?;
    let (known, unknown): (Vec<SeatId>, Vec<SeatId>) =
        request.seats.into_iter().partition(|seat| schedule.sections.contains_key(&seat.section));
    if !unknown.is_empty() {
        return Err(HoldError::SeatNotFound(unknown));
    }
    if known.len() > usize::from(schedule.max_seats_per_user) {
        return Err(HoldError::SeatLimit(schedule.max_seats_per_user));
    }
    let tickets = known
        .into_iter()
        .map(|seat| Ticket { price: schedule.sections[&seat.section].price, seat, cancelled: false })
        .collect();
    let until = second_rounded_up(now + request.hold);
    // Its last second is the last in which the admission can still pay for it.
    let last = request.admission.as_ref().map_or(u32::MAX, |admission| admission.expires_at.saturating_sub(1));
    Ok(Reservation {
        id: request.id,
        user: request.user,
        schedule_id: schedule.id,
        concert_id: schedule.concert_id,
        place: schedule.place.clone(),
        starts_at: schedule.starts_at,
        created_at: now,
        held_until: until.min(last),
        state: State::Held,
        tickets,
        payment: None,
        declines: 0,
        settled: false,
        version: 1,
        fingerprint: request.fingerprint,
        admitted_by: request.admission.map(|admission| (admission.queue, admission.number)),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::queue::QueueId;
    use crate::schedule;

    pub(crate) fn seats(ids: &[&str]) -> Vec<SeatId> {
        ids.iter().map(|id| SeatId::parse(id).expect("a seat id")).collect()
    }

    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn request(ids: &[&str]) -> HoldRequest {
        HoldRequest {
            id: Uuid::from_u128(9),
            user: Uuid::from_u128(8),
            seats: seats(ids),
            fingerprint: String::new(),
            hold: SignedDuration::from_secs(300),
            admission: None,
        }
    }

    pub(crate) fn held(ids: &[&str]) -> Reservation {
        hold(request(ids), &schedule::example(), at(2_000)).expect("held")
    }

    #[test]
    fn a_hold_freezes_price_place_and_start() {
        let reservation = held(&["A-1-1", "A-1-2"]);
        assert_eq!(reservation.total(), 100_000);
        assert_eq!(reservation.held_until, 2_300);
        assert_eq!((reservation.place.as_str(), reservation.starts_at), ("Hall", at(5_000)));
    }

    #[test]
    fn a_hold_is_never_short() {
        let now = at(2_000) + SignedDuration::from_millis(1);
        let reservation = hold(request(&["A-1-1"]), &schedule::example(), now).expect("held");
        assert_eq!(reservation.held_until, 2_301);
    }

    #[test]
    fn a_hold_does_not_outlast_its_admission() {
        let queue = QueueId::parse("q").expect("a queue id");
        for (expires_at, held_until) in [(2_100, 2_099), (2_300, 2_299), (2_301, 2_300), (9_000, 2_300)] {
            let admission = Some(Admission { queue: queue.clone(), number: 7, expires_at });
            let held = hold(HoldRequest { admission, ..request(&["A-1-1"]) }, &schedule::example(), at(2_000));
            let held = held.expect("held");
            assert_eq!((held.held_until, held.admitted_by), (held_until, Some((queue.clone(), 7))));
        }
    }

    #[test]
    fn refusals_have_an_order() {
        let schedule = schedule::example();
        let many = ["A-1-1", "A-1-2", "A-1-3", "A-1-4", "B-1-5"];
        assert_eq!(hold(request(&many), &schedule, at(1)), Err(HoldError::Sale(SaleError::NotOpen)));
        assert_eq!(hold(request(&many), &schedule, at(2_000)), Err(HoldError::SeatNotFound(seats(&["B-1-5"]))));
        let many = ["A-1-1", "A-1-2", "A-1-3", "A-1-4", "A-1-5"];
        assert_eq!(hold(request(&many), &schedule, at(2_000)), Err(HoldError::SeatLimit(4)));
    }

    #[test]
    fn a_seat_list_has_one_to_fifty_different_seats() {
        assert_eq!(seat_list(Vec::new()), Err(SeatListError::Empty));
        assert_eq!(seat_list(seats(&["A-1-1", "A-1-1"])), Err(SeatListError::Twice));
        let many = (1..=51).map(|number| SeatId::parse(&format!("A-1-{number}")).expect("a seat id")).collect();
        assert_eq!(seat_list(many), Err(SeatListError::TooMany));
    }
}
