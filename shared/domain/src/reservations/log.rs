//! A user's log of reservations: each has a number, one more than the one before. Whoever has read the log up to the
//! last number knows everything that may decide about the next hold, and whoever takes that next number first has
//! decided. So limit and pauses need no counters.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::id::{ReservationId, ScheduleId};
use crate::purchases::lapses::{Lapses, Paused};
use crate::purchases::purchase::{Expire, PurchaseState};
use crate::reservations::reservation::Reservation;

/// Most reservations of a log: one with so many takes no more of them.
pub const RESERVATIONS_MAX: u16 = 1_000;

/// All reservations of a user, of every date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReservationLog {
    /// Newest first.
    newest_first: Vec<Reservation>,
}

/// Why the log takes no further reservation, in order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// It has [`RESERVATIONS_MAX`].
    #[error("an account keeps at most {RESERVATIONS_MAX} reservations")]
    Full,
    /// Holds for this date were let lapse.
    #[error(transparent)]
    Paused(#[from] Paused),
    /// The limit would be passed, but for these of the user's own whose time has passed: they are to be ended first. By
    /// another clock they may still be paid, so they count until then.
    #[error("the time of {} reservations has passed", .0.len())]
    Lapsed(Vec<Reservation>),
    /// More than one user may have of this date.
    #[error("no more than {0} seats a person")]
    SeatLimit(u16),
}

impl ReservationLog {
    /// The log with these reservations, newest first.
    #[must_use]
    pub fn new(newest_first: Vec<Reservation>) -> Self {
        Self { newest_first }
    }

    /// The reservation with this id.
    #[must_use]
    pub fn find(&self, id: ReservationId) -> Option<&Reservation> {
        self.newest_first.iter().find(|reservation| reservation.id == id)
    }

    /// All of them, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Reservation> {
        self.newest_first.iter()
    }

    /// Those whose time has passed at `now`, though nobody has ended them yet.
    #[must_use]
    pub fn lapsed(&self, now: Timestamp) -> Vec<Reservation> {
        let due = |reservation: &&Reservation| reservation.purchase.expire(now) == Expire::Due;
        self.newest_first.iter().filter(due).cloned().collect()
    }

    /// Those of `ids` that are in it.
    #[must_use]
    pub fn own(&self, ids: &BTreeSet<ReservationId>) -> BTreeSet<ReservationId> {
        self.newest_first.iter().map(|reservation| reservation.id).filter(|id| ids.contains(id)).collect()
    }

    /// The number of the next reservation; the first has 1.
    #[must_use]
    pub fn next_number(&self) -> u32 {
        self.newest_first.first().map_or(1, |newest| newest.number.saturating_add(1))
    }

    /// Seats of a date that its user holds and owns. A hold whose time has passed counts until it is ended: a clock that
    /// is behind may still pay it.
    #[must_use]
    pub fn seats(&self, schedule: ScheduleId) -> usize {
        let counted = |reservation: &&Reservation| {
            !reservation.purchase.settled || reservation.purchase.state == PurchaseState::Paid
        };
        self.of(schedule).filter(counted).map(|reservation| reservation.live_tickets().count()).sum()
    }

    /// Holds of a date that were let lapse by `now`, ended or not, since the last that is paid.
    #[must_use]
    pub fn lapses(&self, schedule: ScheduleId, now: Timestamp) -> Lapses {
        // Oldest first.
        self.of(schedule).rev().fold(Lapses::default(), |lapses, reservation| {
            match reservation.purchase.state_at(now) {
                PurchaseState::Expired => lapses.with_lapse(reservation.created_at, reservation.purchase.held_until),
                PurchaseState::Paid => Lapses::default(),
                PurchaseState::Open | PurchaseState::Cancelled | PurchaseState::Declined => lapses,
            }
        })
    }

    /// A new reservation with its number, if the user may have it: with `limit` seats of its date at most.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub fn append(&self, new: Reservation, limit: u16, now: Timestamp) -> Result<Reservation, AppendError> {
        if self.newest_first.len() >= usize::from(RESERVATIONS_MAX) {
            return Err(AppendError::Full);
        }
        self.lapses(new.schedule_id, now).check(now)?;
        if self.seats(new.schedule_id) + new.live_tickets().count() > usize::from(limit) {
            let due = |reservation: &&Reservation| reservation.purchase.expire(now) == Expire::Due;
            let lapsed: Vec<Reservation> = self.of(new.schedule_id).filter(due).cloned().collect();
            return Err(if lapsed.is_empty() { AppendError::SeatLimit(limit) } else { AppendError::Lapsed(lapsed) });
        }
        Ok(Reservation { number: self.next_number(), ..new })
    }

    fn of(&self, schedule: ScheduleId) -> impl DoubleEndedIterator<Item = &Reservation> {
        self.newest_first.iter().filter(move |reservation| reservation.schedule_id == schedule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purchases::purchase::Purchase;
    use crate::reservations::hold::tests::{at, held, seats};
    use proptest::prelude::*;
    use uuid::Uuid;

    /// A hold of so many seats that is made at a second, and lasts 300.
    fn hold(number: u32, count: usize, made: i64) -> Reservation {
        let names = ["A-1-1", "A-1-2", "A-1-3", "A-1-4"];
        let mut reservation = held(&names[..count]);
        reservation.id = ReservationId(Uuid::from_u128(number.into()));
        reservation.number = number;
        reservation.created_at = at(made);
        reservation.purchase = Purchase::new(crate::time::EpochSecond::begun(at(made + 299)));
        reservation
    }

    #[test]
    fn numbers_follow_each_other() {
        assert_eq!(ReservationLog::default().append(hold(0, 1, 2_000), 4, at(2_000)).map(|new| new.number), Ok(1));
        let log = ReservationLog::new(vec![hold(7, 1, 2_000), hold(5, 1, 2_000)]);
        assert_eq!(log.append(hold(0, 2, 2_000), 4, at(2_000)).map(|new| new.number), Ok(8));
        assert_eq!(log.append(hold(0, 3, 2_000), 4, at(2_000)), Err(AppendError::SeatLimit(4)));
    }

    #[test]
    fn what_has_lapsed_counts_until_it_is_ended() {
        let lapsed = hold(1, 4, 2_000);
        let log = ReservationLog::new(vec![lapsed.clone()]);
        assert_eq!(log.append(hold(0, 1, 2_000), 4, at(2_299)), Err(AppendError::SeatLimit(4)));
        assert_eq!(log.append(hold(0, 1, 2_000), 4, at(2_300)), Err(AppendError::Lapsed(vec![lapsed.clone()])));
        let ended = ReservationLog::new(vec![lapsed.map_purchase(Purchase::released)]);
        assert_eq!(ended.append(hold(0, 4, 2_000), 4, at(2_300)).map(|new| new.number), Ok(2));
    }

    #[test]
    fn what_is_paid_counts_and_what_is_given_back_does_not() {
        let paid = hold(1, 3, 2_000).paid(at(2_000), "");
        assert_eq!(ReservationLog::new(vec![paid.clone()]).seats(paid.schedule_id), 3);
        let (one, _) = paid.clone().ticket_refunded(&seats(&["A-1-1"])[0], at(2_000)).expect("in time").expect("paid");
        assert_eq!(ReservationLog::new(vec![one]).seats(paid.schedule_id), 2);
        let (none, _) = paid.clone().refunded(at(2_000)).expect("in time").expect("paid");
        assert_eq!(ReservationLog::new(vec![none]).seats(paid.schedule_id), 0);
        let declined = hold(2, 2, 2_000).map_purchase(|purchase| purchase.declined(true));
        assert_eq!(ReservationLog::new(vec![declined.clone()]).seats(paid.schedule_id), 2, "until it is released");
        assert_eq!(ReservationLog::new(vec![declined.map_purchase(Purchase::released)]).seats(paid.schedule_id), 0);
    }

    #[test]
    fn lapses_pause_until_a_purchase() {
        let (first, second) = (hold(1, 1, 2_000), hold(2, 1, 2_301));
        let mut log = vec![second.clone(), first.clone()];
        let append = |log: &[Reservation], now| {
            ReservationLog::new(log.to_vec()).append(hold(0, 1, now), 4, at(now)).map(|new| new.number)
        };
        assert_eq!(append(&log, 2_600), Ok(3), "the second has a second left");
        assert_eq!(append(&log, 2_601), Err(AppendError::Paused(Paused(59))), "whether anybody has ended it or not");
        log[0] = second.map_purchase(Purchase::released);
        assert_eq!(append(&log, 2_601), Err(AppendError::Paused(Paused(59))));
        assert_eq!(append(&log, 2_660), Ok(3));
        log.insert(0, hold(3, 1, 2_661).paid(at(2_661), ""));
        assert_eq!(append(&log, 2_661), Ok(4));
    }

    #[test]
    fn a_full_log_takes_no_more() {
        let full = |count: u32| {
            let ended = |number| hold(number, 1, 2_000).map_purchase(Purchase::cancelled);
            ReservationLog::new((1..=count).rev().map(ended).collect())
        };
        assert_eq!(full(999).append(hold(0, 1, 2_000), 4, at(2_000)).map(|new| new.number), Ok(1_000));
        assert_eq!(full(1_000).append(hold(0, 1, 2_000), 4, at(2_000)), Err(AppendError::Full));
    }

    proptest! {
        /// Whatever is done, by clocks up to half a minute off: no more seats than the limit are held and owned, and
        /// what is refused would have been more, or comes in a pause.
        #[test]
        fn the_limit_holds_in_every_state(
            steps in proptest::collection::vec((0..5_u8, 1..=4_usize, 0..400_i64, -30..=30_i64), 1..40),
        ) {
            let (mut log, mut now) = (Vec::<Reservation>::new(), 1_000_000);
            for (kind, count, passed, skew) in steps {
                now += passed;
                let clock = at(now + skew);
                let schedule = hold(0, 1, now).schedule_id;
                let newest = log.first().cloned();
                match (kind, newest) {
                    (0 | 1, _) | (_, None) => {
                        let before = ReservationLog::new(log.clone());
                        let new = Reservation { created_at: clock, ..hold(0, count, now + skew) };
                        match before.append(new, 4, clock) {
                            Ok(new) => log.insert(0, Reservation { id: ReservationId(Uuid::from_u128(new.number.into())), ..new }),
                            Err(AppendError::SeatLimit(_) | AppendError::Lapsed(_)) => {
                                prop_assert!(before.seats(schedule) + count > 4);
                            }
                            Err(AppendError::Paused(_)) => prop_assert!(before.lapses(schedule, clock).count > 1),
                            Err(AppendError::Full) => prop_assert!(false, "a short log"),
                        }
                    }
                    (2, Some(newest)) if newest.purchase.may_be_paid(clock).is_ok() && newest.purchase.payment.is_none() => {
                        log[0] = newest.paid(clock, "");
                    }
                    (3, Some(newest)) if newest.purchase.cancel(clock) == Ok(crate::purchases::purchase::Cancel::Release) => {
                        log[0] = newest.map_purchase(Purchase::cancelled);
                    }
                    _ => {
                        for reservation in &mut log {
                            if reservation.purchase.expire(clock) == Expire::Due {
                                *reservation = reservation.clone().map_purchase(Purchase::released);
                            }
                        }
                    }
                }
                // By any clock: what a slow one may yet pay, and what is paid.
                let payable = |reservation: &&Reservation| {
                    reservation.purchase.state == PurchaseState::Paid
                        || !reservation.purchase.settled && reservation.purchase.may_be_paid(at(now - 30)).is_ok()
                };
                let live: usize = log.iter().filter(payable).map(|reservation| reservation.live_tickets().count()).sum();
                prop_assert!(live <= 4, "{live} seats");
            }
        }
    }
}
