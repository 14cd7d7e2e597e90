//! When and where a concert takes place, and when its seats may be sold.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::{ConcertId, ScheduleId};
use crate::money::Price;
use crate::queue::QueueId;
use crate::seats::Label;
use crate::text::{self, TextError};

/// Longest name of a place.
pub const PLACE_CHARACTERS_MAX: usize = 100;
/// Seats one user may hold and own of a schedule when nobody says otherwise.
pub const SEATS_PER_USER_DEFAULT: u16 = 4;
/// Highest such limit, and so the most seats of one reservation; keeps its transaction within 100 items.
pub const SEATS_PER_USER_MAX: u16 = 50;

/// A part of the hall with one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Price of each of its seats.
    pub price: Price,
    /// How many seats it had when they were last created; which of them are free only the blocks know.
    pub seats: u32,
}

/// One date of a concert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Id.
    pub id: ScheduleId,
    /// The concert it belongs to.
    pub concert_id: ConcertId,
    /// Where.
    pub venue: String,
    /// When the concert starts.
    pub starts_at: Timestamp,
    /// First instant of the sale.
    pub sale_opens_at: Timestamp,
    /// First instant after the sale.
    pub sale_closes_at: Timestamp,
    /// Seats one user may hold and own.
    pub max_seats_per_user: u16,
    /// The waiting queue that guards it, its concert's.
    pub queue: Option<QueueId>,
    /// Its sections.
    pub sections: BTreeMap<Label, Section>,
    /// Set when it is being deleted: nothing new may be held, listed or created.
    pub deleting: bool,
}

/// Outside the sale window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaleError {
    /// The sale has not begun.
    #[error("the sale has not opened yet")]
    NotOpen,
    /// The sale is over.
    #[error("the sale is over")]
    Closed,
}

/// The state of a date's sale, as everybody may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaleState {
    /// The sale opens later.
    NotOpen,
    /// Seats may be held. All of them may be held for the moment.
    OnSale,
    /// Every seat is sold. A refund brings one back.
    SoldOut,
    /// The sale has closed.
    Over,
}

impl SaleState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::NotOpen, Self::OnSale, Self::SoldOut, Self::Over];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotOpen => "not_open",
            Self::OnSale => "on_sale",
            Self::SoldOut => "sold_out",
            Self::Over => "over",
        }
    }
}

impl Schedule {
    /// The state of its sale at `now`, if all its seats are sold or not. Those of a date that has none yet are not.
    #[must_use]
    pub fn sale_state(&self, is_sold_out: bool, now: Timestamp) -> SaleState {
        match self.on_sale(now) {
            Err(SaleError::NotOpen) => SaleState::NotOpen,
            Err(SaleError::Closed) => SaleState::Over,
            Ok(()) if is_sold_out => SaleState::SoldOut,
            Ok(()) => SaleState::OnSale,
        }
    }

    /// How many seats it has in all.
    #[must_use]
    pub fn seats(&self) -> u32 {
        self.sections.values().map(|section| section.seats).sum()
    }

    /// Whether the concert has started at `now`: a date is made only before that.
    #[must_use]
    pub fn has_started(&self, now: Timestamp) -> bool {
        self.starts_at <= now
    }

    /// Whether seats may be held at `now`: from the opening instant, up to and without the closing one.
    ///
    /// # Errors
    /// Before and after the sale.
    pub fn on_sale(&self, now: Timestamp) -> Result<(), SaleError> {
        if now < self.sale_opens_at {
            Err(SaleError::NotOpen)
        } else if now >= self.sale_closes_at {
            Err(SaleError::Closed)
        } else {
            Ok(())
        }
    }
}

/// The error of a schedule's times and limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchedulePlanError {
    /// The sale ends before it begins.
    #[error("must be after sale_opens_at")]
    SaleClosesBeforeItOpens,
    /// The sale goes on when the concert has started.
    #[error("must not be before sale_closes_at")]
    StartsDuringSale,
    /// 0 or above [`SEATS_PER_USER_MAX`].
    #[error("must be between 1 and 50")]
    Limit,
}

/// Checks the times and limit of a new schedule.
///
/// # Errors
/// When the sale is empty, outlasts the start, or the limit is out of range.
pub fn check_plan(
    starts_at: Timestamp,
    sale_opens_at: Timestamp,
    sale_closes_at: Timestamp,
    max_seats_per_user: u16,
) -> Result<(), SchedulePlanError> {
    if sale_closes_at <= sale_opens_at {
        Err(SchedulePlanError::SaleClosesBeforeItOpens)
    } else if starts_at < sale_closes_at {
        Err(SchedulePlanError::StartsDuringSale)
    } else if !(1..=SEATS_PER_USER_MAX).contains(&max_seats_per_user) {
        Err(SchedulePlanError::Limit)
    } else {
        Ok(())
    }
}

/// A place's name: one line of 1 to 100 characters.
///
/// # Errors
/// As [`text::parse_line`].
pub fn parse_venue(given: &str) -> Result<String, TextError> {
    text::parse_line(given, PLACE_CHARACTERS_MAX)
}

#[cfg(test)]
pub(crate) fn example() -> Schedule {
    let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    Schedule {
        id: ScheduleId(uuid::Uuid::from_u128(2)),
        concert_id: ConcertId(uuid::Uuid::from_u128(1)),
        venue: "Hall".to_owned(),
        starts_at: at(5_000),
        sale_opens_at: at(1_000),
        sale_closes_at: at(4_000),
        max_seats_per_user: 4,
        queue: None,
        sections: Label::parse("A")
            .map(|label| (label, Section { price: Price::DEFAULT, seats: 50 }))
            .into_iter()
            .collect(),
        deleting: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sale_has_its_first_instant_and_not_its_last() {
        let schedule = example();
        let tick = jiff::SignedDuration::from_millis(1);
        assert!(schedule.has_started(schedule.starts_at) && !schedule.has_started(schedule.starts_at - tick));
        for (now, expected) in [
            (schedule.sale_opens_at - tick, Err(SaleError::NotOpen)),
            (schedule.sale_opens_at, Ok(())),
            (schedule.sale_closes_at - tick, Ok(())),
            (schedule.sale_closes_at, Err(SaleError::Closed)),
        ] {
            assert_eq!(schedule.on_sale(now), expected);
        }
    }

    #[test]
    fn a_date_that_is_sold_out_is_so_during_its_sale_only() {
        let schedule = example();
        for (second, is_sold_out, expected) in [
            (999, true, SaleState::NotOpen),
            (1_000, false, SaleState::OnSale),
            (1_000, true, SaleState::SoldOut),
            (4_000, true, SaleState::Over),
        ] {
            let now = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
            assert_eq!(schedule.sale_state(is_sold_out, now), expected);
        }
    }

    #[test]
    fn a_plan_must_make_sense() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap_or(Timestamp::MAX);
        assert_eq!(check_plan(at(3), at(1), at(3), 4), Ok(()));
        assert_eq!(check_plan(at(3), at(1), at(1), 4), Err(SchedulePlanError::SaleClosesBeforeItOpens));
        assert_eq!(check_plan(at(2), at(1), at(3), 4), Err(SchedulePlanError::StartsDuringSale));
        assert_eq!(check_plan(at(3), at(1), at(2), 0), Err(SchedulePlanError::Limit));
        assert_eq!(check_plan(at(3), at(1), at(2), 51), Err(SchedulePlanError::Limit));
    }
}
