//! Holding seats: what may be asked for, and what of it the table need not be asked.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::concerts::schedule::{SEATS_PER_USER_MAX, SaleError, Schedule};
use crate::id::{ReservationId, ScheduleId, UserId};
use crate::money::AMOUNT_MAX;
use crate::purchases::lapses::Paused;
use crate::purchases::purchase::Purchase;
use crate::queue::entry::Admission;
use crate::reservations::log::RESERVATIONS_MAX;
use crate::reservations::reservation::{Reservation, Ticket};
use crate::seats::SeatId;
use crate::tickets::generation::Generation;
use crate::time::EpochSecond;

/// Why seats cannot be held, in order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// Before or after the sale.
    #[error(transparent)]
    Sale(#[from] SaleError),
    /// No such section (or, found by the table, no such seat).
    #[error("there is no such seat")]
    SeatNotFound(Vec<SeatId>),
    /// They cost more together than any balance can pay.
    #[error("must cost at most 10000000 together")]
    TooDear,
    /// Somebody else holds or owns them.
    #[error("somebody else has the seat")]
    SeatTaken(Vec<SeatId>),
    /// The caller holds or owns them, by a reservation made before.
    #[error("the caller has the seat already")]
    SeatYours {
        /// Those that this reservation has.
        seats: Vec<SeatId>,
        /// The reservation that has it.
        reservation: ReservationId,
        /// Whether they are paid for.
        paid: bool,
    },
    /// The account has as many reservations as it may keep.
    #[error("an account keeps at most {RESERVATIONS_MAX} reservations")]
    LogFull,
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
    if seats.is_empty() {
        Err(SeatListError::Empty)
    } else if seats.len() > usize::from(SEATS_PER_USER_MAX) {
        Err(SeatListError::TooMany)
    } else if seats.iter().collect::<BTreeSet<_>>().len() != seats.len() {
        Err(SeatListError::Twice)
    } else {
        Ok(seats)
    }
}

/// A request for a hold, with the id of the reservation to make.
#[derive(Clone, Debug)]
pub struct HoldRequest {
    /// Id of the reservation to make.
    pub id: ReservationId,
    /// The buyer.
    pub user: UserId,
    /// The date.
    pub schedule: ScheduleId,
    /// The seats, as [`seat_list`] passed them.
    pub seats: Vec<SeatId>,
    /// Digest of the request.
    pub fingerprint: String,
}

/// Decides on everything about a hold that the table need not be asked for. The hold ends `lasting` from now, rounded
/// up to a whole second; earlier with the `admission` it is made with; and with the concert's start at the latest, so
/// that whatever is paid in time may still be given back.
///
/// # Errors
/// Outside the sale, for sections that do not exist, for what no balance can pay, for more seats than one user may
/// have. In the last fraction of a second before the start the sale is over: a hold could not be paid.
pub fn hold(
    request: HoldRequest,
    schedule: &Schedule,
    lasting: SignedDuration,
    admission: Option<Admission>,
    now: Timestamp,
) -> Result<Reservation, HoldError> {
    schedule.on_sale(now)?;
    let (known, unknown): (Vec<SeatId>, Vec<SeatId>) =
        request.seats.into_iter().partition(|seat| schedule.sections.contains_key(&seat.section));
    if !unknown.is_empty() {
        return Err(HoldError::SeatNotFound(unknown));
    }
    let price = |seat: &SeatId| schedule.sections[&seat.section].price;
    if known.iter().map(|seat| price(seat).get()).sum::<i64>() > AMOUNT_MAX {
        return Err(HoldError::TooDear);
    }
    if known.len() > usize::from(schedule.max_seats_per_user) {
        return Err(HoldError::SeatLimit(schedule.max_seats_per_user));
    }
    let admitted_until = admission.as_ref().map_or(EpochSecond::MAX, |admission| admission.expires_at);
    let end = EpochSecond::at_or_after(now + lasting).min(admitted_until).min(EpochSecond::begun(schedule.starts_at));
    if end <= EpochSecond::begun(now) {
        return Err(SaleError::Closed.into());
    }
    let tickets = known
        .into_iter()
        .map(|seat| Ticket { price: price(&seat), seat, cancelled: false, generation: Generation::FIRST })
        .collect::<Vec<_>>();
    Ok(Reservation {
        id: request.id,
        user: request.user,
        number: 0,
        schedule_id: schedule.id,
        concert_id: schedule.concert_id,
        venue: schedule.venue.clone(),
        starts_at: schedule.starts_at,
        created_at: now,
        purchase: Purchase::new(end.previous()),
        tickets,
        fingerprint: request.fingerprint,
        admitted_by: admission.map(|admission| (admission.queue, admission.number)),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::concerts::schedule;
    use crate::money::Price;
    use crate::queue::QueueId;
    use proptest::prelude::*;
    use uuid::Uuid;

    pub(crate) fn seats(ids: &[&str]) -> Vec<SeatId> {
        ids.iter().map(|id| SeatId::parse(id).expect("a seat id")).collect()
    }

    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn request(ids: &[&str]) -> HoldRequest {
        HoldRequest {
            id: ReservationId(Uuid::from_u128(9)),
            user: UserId(Uuid::from_u128(8)),
            seats: seats(ids),
            schedule: schedule::example().id,
            fingerprint: String::new(),
        }
    }

    /// Asks for five minutes, in a sale without a queue.
    fn ask(ids: &[&str], schedule: &Schedule, now: Timestamp) -> Result<Reservation, HoldError> {
        hold(request(ids), schedule, SignedDuration::from_secs(300), None, now)
    }

    pub(crate) fn held(ids: &[&str]) -> Reservation {
        ask(ids, &schedule::example(), at(2_000)).expect("held")
    }

    #[test]
    fn a_hold_freezes_price_place_and_start() {
        let reservation = held(&["A-1-1", "A-1-2"]);
        assert_eq!(reservation.total(), 100_000);
        assert_eq!((reservation.purchase.held_until.0, reservation.purchase.expires_at()), (2_299, at(2_300)));
        assert_eq!((reservation.venue.as_str(), reservation.starts_at), ("Hall", at(5_000)));
    }

    #[test]
    fn a_hold_is_never_short() {
        let now = at(2_000) + SignedDuration::from_millis(1);
        let reservation = ask(&["A-1-1"], &schedule::example(), now).expect("held");
        assert_eq!(reservation.purchase.expires_at(), at(2_301));
    }

    #[test]
    fn a_hold_does_not_outlast_its_admission() {
        let queue = QueueId::parse("q").expect("a queue id");
        for (expires_at, held_until) in [(2_100, 2_099), (2_300, 2_299), (2_301, 2_299), (9_000, 2_299)] {
            let expires_at = EpochSecond(expires_at);
            let admission = Some(Admission { queue: queue.clone(), number: 7, expires_at });
            let lasting = SignedDuration::from_secs(300);
            let held = hold(request(&["A-1-1"]), &schedule::example(), lasting, admission, at(2_000));
            let held = held.expect("held");
            assert_eq!((held.purchase.held_until.0, held.admitted_by), (held_until, Some((queue.clone(), 7))));
        }
    }

    #[test]
    fn refusals_have_an_order() {
        let schedule = schedule::example();
        let many = ["A-1-1", "A-1-2", "A-1-3", "A-1-4", "B-1-5"];
        assert_eq!(ask(&many, &schedule, at(1)), Err(HoldError::Sale(SaleError::NotOpen)));
        assert_eq!(ask(&many, &schedule, at(2_000)), Err(HoldError::SeatNotFound(seats(&["B-1-5"]))));
        let many = ["A-1-1", "A-1-2", "A-1-3", "A-1-4", "A-1-5"];
        assert_eq!(ask(&many, &schedule, at(2_000)), Err(HoldError::SeatLimit(4)));
        let dear = with_price(AMOUNT_MAX / 4);
        assert_eq!(ask(&many, &dear, at(2_000)), Err(HoldError::TooDear));
        assert_eq!(ask(&many[..4], &dear, at(2_000)).map(|held| held.total()), Ok(AMOUNT_MAX));
        assert_eq!(ask(&many[..2], &with_price(6_000_000), at(2_000)), Err(HoldError::TooDear));
    }

    fn with_price(minor_units: i64) -> Schedule {
        let mut schedule = schedule::example();
        for section in schedule.sections.values_mut() {
            section.price = Price::parse(minor_units).expect("a price");
        }
        schedule
    }

    #[test]
    fn a_hold_ends_with_the_start_of_its_concert() {
        let mut schedule = schedule::example();
        let millisecond = SignedDuration::from_millis(1);
        schedule.sale_closes_at = schedule.starts_at;
        let held = ask(&["A-1-1"], &schedule, at(4_999)).expect("held");
        assert_eq!(held.purchase.expires_at(), schedule.starts_at);
        // A start within a second: what could not be paid is not held.
        schedule.starts_at = at(5_000) + millisecond * 900;
        schedule.sale_closes_at = schedule.starts_at;
        let held = ask(&["A-1-1"], &schedule, at(5_000) - millisecond).expect("held");
        assert_eq!(held.purchase.expires_at(), at(5_000));
        assert_eq!(ask(&["A-1-1"], &schedule, at(5_000)), Err(HoldError::Sale(SaleError::Closed)));
    }

    proptest! {
        /// Whatever is held can be paid at once, for as long as its `expires_at` says and no longer; it ends before its
        /// concert and its admission do, costs what a balance can pay, and whenever it is paid it may be given back.
        #[test]
        fn a_hold_is_paid_and_given_back_by_one_clock(
            now in 1_000_000..5_000_000_i64, starts in 1_000_000..6_000_000_i64, seconds in 1..900_i64,
            admitted in proptest::option::of(1..600_i64), price in 0..=AMOUNT_MAX, count in 1..=4_usize,
            later in prop_oneof![0..2_000_i64, 0..1_000_000_i64],
        ) {
            let millisecond = |millisecond: i64| Timestamp::from_millisecond(millisecond).expect("a time");
            let mut schedule = with_price(price);
            schedule.starts_at = millisecond(starts);
            schedule.sale_closes_at = schedule.starts_at;
            let now = millisecond(now);
            let expires_at = admitted.map(|seconds| EpochSecond::begun(now).plus(u32::try_from(seconds).expect("few")));
            let admission = expires_at
                .map(|expires_at| Admission { queue: QueueId::parse("q").expect("a queue id"), number: 7, expires_at });
            let request = request(&["A-1-1", "A-1-2", "A-1-3", "A-1-4"][..count]);
            match hold(request, &schedule, SignedDuration::from_secs(seconds), admission, now) {
                Ok(held) => {
                    prop_assert!(held.total() <= AMOUNT_MAX);
                    prop_assert!(held.purchase.expires_at() <= schedule.starts_at);
                    prop_assert!(i64::from(held.purchase.held_until) < schedule.starts_at.as_second());
                    prop_assert!(expires_at.is_none_or(|end| held.purchase.expires_at().as_second() <= i64::from(end)));
                    prop_assert_eq!(held.purchase.may_be_paid(now), Ok(()));
                    let then = now + SignedDuration::from_millis(later);
                    prop_assert_eq!(held.purchase.may_be_paid(then).is_ok(), then < held.purchase.expires_at());
                    if held.purchase.may_be_paid(then).is_ok() {
                        let paid = held.paid(then, "");
                        prop_assert!(paid.clone().ticket_refunded(&paid.tickets[0].seat, then).is_ok());
                        prop_assert!(paid.refunded(then).is_ok());
                    }
                }
                Err(HoldError::TooDear) => prop_assert!(price * i64::try_from(count).expect("few") > AMOUNT_MAX),
                Err(HoldError::Sale(SaleError::Closed)) => {
                    prop_assert!(now.as_second() >= schedule.starts_at.as_second());
                }
                Err(other) => prop_assert_eq!(other, HoldError::Sale(SaleError::NotOpen)),
            }
        }
    }

    #[test]
    fn a_seat_list_has_one_to_fifty_different_seats() {
        assert_eq!(seat_list(Vec::new()), Err(SeatListError::Empty));
        assert_eq!(seat_list(seats(&["A-1-1", "A-1-1"])), Err(SeatListError::Twice));
        let many = (1..=51).map(|number| SeatId::parse(&format!("A-1-{number}")).expect("a seat id")).collect();
        assert_eq!(seat_list(many), Err(SeatListError::TooMany));
    }
}
