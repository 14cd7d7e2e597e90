//! The position of a number, the remaining time, and when to poll again.
//!
//! **Two things are certain**: no more numbers are called in a second than are admitted, and a place that is in use is
//! free when the longest admission that can have begun with its call is over. What is measured is how long a place is
//! in use on the average. The remaining time is never below the first, never above the second where it is of force, and
//! lies between them as measured.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use super::settings::{CLAIM_SECONDS_MIN, Settings};
use super::{Queue, QueueState, milliseconds};

/// Shortest and longest time until the next poll, in milliseconds. It is never longer than the claim window either: with
/// [`CLAIM_GRACE`](super::CLAIM_GRACE) on top, nobody sleeps through a call, however wrong everything below is.
const RETRY_AFTER_MILLISECONDS: RangeInclusive<u64> = 2_000..=120_000;
/// How much of the shortest possible wait, of `position` divided by `admit_per_second`, is slept, in hundredths. With
/// three quarters somebody who waits for four minutes asks four times, with a half seven times.
const SLEPT_OF_LEAST_PERCENT: u64 = 75;
/// While places are what is short, one may become free at any time: then a quarter of the estimate is slept, at most so
/// many milliseconds. That is also how often those ask who are admitted.
const SHORT_OF_PLACES_MILLISECONDS: u64 = 20_000;
const _: () = assert!(SHORT_OF_PLACES_MILLISECONDS * 2 < CLAIM_SECONDS_MIN as u64 * 1_000);
/// The same for those who are further back than seats are held, while none can be had: nobody is called until a hold
/// lapses, and then others are before them.
const SHORT_OF_SEATS_MILLISECONDS: u64 = 60_000;
/// Spreads numbers over the range of 64 bits, neighbours far from each other (2^64 divided by the golden ratio; Knuth,
/// "The Art of Computer Programming", 6.4).
const SPREADING_FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
/// Positions that may be called by the next few who leave: their holders ask again sooner, so that a place that becomes
/// free is not free for long.
const NEAR_NUMBERS: u64 = 25;
/// Longest time until the next poll of those, in milliseconds.
const NEAR_RETRY_MILLISECONDS: u64 = 5_000;
/// After the end of an admission its place is free when the sweep has seen it, which runs once a minute.
const SWEPT_AFTER_SECONDS: u64 = 60;
/// Moments of calls that are remembered.
pub const CALLS_MAX: usize = 12;
/// Over how many stays the mean stay is measured: longer, so that people who come and go together do not shorten it.
const MEASURED_OVER_STAYS: u64 = 4;
/// Time without any move that is not measured, in milliseconds.
const UNMEASURED_MILLISECONDS_MAX: u64 = 600_000;

/// Where somebody stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuePosition {
    /// 1 is the next to be called; 0 has been called.
    pub position: u64,
    /// How many are to be called before.
    pub ahead: u64,
    /// How long that takes, as far as is known: never less than `position` divided by `admit_per_second`, and while all
    /// places are in use as long as it takes until enough of them are free. Nobody knows while the queue is paused or
    /// over, nor while no seat is to be had.
    pub eta_seconds: Option<u64>,
    /// When to ask again: soon when the number may be called soon, and seldom far back and inside. Never
    /// for who waits in a queue that is sold out, or over.
    pub retry_after_milliseconds: Option<u64>,
}

impl Settings {
    /// The longest time for which a called number occupies a place, in seconds: it is claimed at once by those who
    /// poll, and then lasts as long as an admission.
    #[must_use]
    pub fn stay_seconds_max(&self) -> u64 {
        (u64::from(self.active_minutes) * 60).max(u64::from(self.claim_seconds)) + SWEPT_AFTER_SECONDS
    }
}

/// When numbers were called, for about as long as they may occupy places: a few moments, each with the last number that
/// had been called by then. Moments that are close are one, the later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    moments: [Option<(Timestamp, u64)>; CALLS_MAX],
}

impl Calls {
    /// Of moments in order, oldest first; only the last [`CALLS_MAX`] count.
    #[must_use]
    pub fn from_moments(moments: &[(Timestamp, u64)]) -> Self {
        let mut calls = Self::default();
        let last = &moments[moments.len().saturating_sub(CALLS_MAX)..];
        for (slot, moment) in calls.moments.iter_mut().zip(last) {
            *slot = Some(*moment);
        }
        calls
    }

    /// The moments, oldest first.
    pub fn moments(&self) -> impl DoubleEndedIterator<Item = (Timestamp, u64)> {
        self.moments.iter().copied().flatten()
    }

    /// The same when the numbers up to `serving` are called at `now`. Moments that lie `apart` are kept apart.
    #[must_use]
    pub fn with_call(&self, serving: u64, now: Timestamp, apart: SignedDuration) -> Self {
        let mut moments: Vec<(Timestamp, u64)> = self.moments().collect();
        let count = moments.len();
        if count > 1 && moments[count - 2].0.duration_until(now) < apart {
            moments.pop();
        }
        moments.push((now, serving));
        Self::from_moments(&moments)
    }

    /// By when this number had been called. None, if it was not, or nothing is known.
    fn called_at(&self, number: u64) -> Option<Timestamp> {
        self.moments().find(|(_, serving)| *serving >= number).map(|(at, _)| at)
    }
}

/// How long places are in use, as measured: how many were given back, and how long all were in use. What is measured
/// loses weight with time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stays {
    /// Places that were given back, in millionths.
    pub ends_micro: u64,
    /// For how long places were in use, in milliseconds.
    pub in_use_milliseconds: u64,
    /// How many numbers were finished when it was measured last.
    pub finished: u64,
}

impl Queue {
    /// The measured stays up to `now`. A long time without a move is left out.
    fn stays_until(&self, now: Timestamp) -> Stays {
        let passed = milliseconds(self.measured_at, now);
        let known = Stays { finished: self.finished, ..self.stays };
        if passed > UNMEASURED_MILLISECONDS_MAX {
            return known;
        }
        let over = self.settings.stay_seconds_max() * 1_000 * MEASURED_OVER_STAYS;
        let weigh = |value: u64| {
            let weigh = u128::from(value) * u128::from(over) / u128::from(over + passed);
            u64::try_from(weigh).unwrap_or(u64::MAX)
        };
        let ends = self.finished.saturating_sub(self.stays.finished);
        // As many as at the last look, for nobody knows when since then they ended.
        let in_use = self.serving.saturating_sub(self.stays.finished);
        Stays {
            ends_micro: weigh(known.ends_micro.saturating_add(ends.saturating_mul(1_000_000))),
            in_use_milliseconds: weigh(known.in_use_milliseconds.saturating_add(in_use.saturating_mul(passed))),
            ..known
        }
    }

    /// When numbers were called, once those up to `serving` are at `now`.
    pub(super) fn calls_after(&self, serving: u64, now: Timestamp) -> Calls {
        if serving == self.serving {
            return self.calls;
        }
        let apart = SignedDuration::from_secs(self.settings.stay_seconds_max().cast_signed())
            / i32::try_from(CALLS_MAX - 2).unwrap_or(1);
        self.calls.with_call(serving, now, apart)
    }

    /// The measured stays up to `now`, once `passed` numbers are passed over and so many are called `again`: neither is
    /// the end of a stay.
    pub(super) fn stays_after(&self, passed: u64, again: u64, now: Timestamp) -> Stays {
        let stays = self.stays_until(now);
        Stays { finished: (stays.finished + passed).saturating_sub(again), ..stays }
    }

    /// The position at `now` of somebody who missed the call and is called a second time before anybody else.
    #[must_use]
    pub fn position_of_missed(&self, now: Timestamp) -> QueuePosition {
        self.position_of(self.serving + 1, now)
    }

    /// The position of the holder of `number` at `now`.
    #[must_use]
    pub fn position_of(&self, number: u64, now: Timestamp) -> QueuePosition {
        let position = number.saturating_sub(self.serving);
        let state = self.state_at(now);
        let eta_seconds = match position {
            0 => Some(0),
            _ if state != QueueState::Open || self.is_out_of_seats() => None,
            _ => Some(self.seconds_by_rate(number).max(self.until_a_place_is_free(number, now))),
        };
        let is_told_no_more = position > 0 && matches!(state, QueueState::SoldOut | QueueState::Over);
        let retry_after_milliseconds = (!is_told_no_more).then(|| self.milliseconds_to_sleep(number, eta_seconds));
        QueuePosition { position, ahead: position.saturating_sub(1), eta_seconds, retry_after_milliseconds }
    }

    /// How long the holder of `number` may sleep until the next poll.
    fn milliseconds_to_sleep(&self, number: u64, eta_seconds: Option<u64>) -> u64 {
        let position = number.saturating_sub(self.serving);
        let longest = match position {
            0 => return SHORT_OF_PLACES_MILLISECONDS,
            1..=NEAR_NUMBERS => NEAR_RETRY_MILLISECONDS,
            _ => *RETRY_AFTER_MILLISECONDS.end(),
        };
        let claimable = u64::from(self.settings.claim_seconds) * 1_000;
        let of_least = position.saturating_mul(SLEPT_OF_LEAST_PERCENT * 10);
        let of_least = of_least.checked_div(self.settings.admit_per_second.into()).unwrap_or(0);
        let is_behind_holds = self.is_out_of_seats() && self.seats_left.is_some_and(|left| position > left.held);
        let unknown = if is_behind_holds { SHORT_OF_SEATS_MILLISECONDS } else { SHORT_OF_PLACES_MILLISECONDS };
        let of_estimate =
            eta_seconds.map_or(unknown, |seconds| seconds.saturating_mul(250).min(SHORT_OF_PLACES_MILLISECONDS));
        let sleep = of_least.max(of_estimate).max(*RETRY_AFTER_MILLISECONDS.start());
        // Some later than others, up to a quarter: who was told at one moment need not come back at one.
        let later = (number.wrapping_mul(SPREADING_FACTOR) >> 56) * (sleep / 4) / 256;
        (sleep + later).min(longest).min(claimable)
    }

    /// Whether there are seats behind it, and none can be had now.
    fn is_out_of_seats(&self) -> bool {
        self.seats_left.is_some_and(|left| left.available == 0)
    }

    /// Seconds until there is a place for `number`: until as many numbers are finished as are before it, but for as
    /// many as there are places.
    fn until_a_place_is_free(&self, number: u64, now: Timestamp) -> u64 {
        let capacity = u64::from(self.settings.capacity).max(1);
        // The number whose place it will be, if all come to their ends in order; and of that number the same, and so
        // on, until one that has a place or needs not wait for one.
        let before = number.saturating_sub(capacity);
        let needed = before.saturating_sub(self.finished);
        if needed == 0 {
            return 0;
        }
        let rounds = before.saturating_sub(self.serving).div_ceil(capacity);
        let first = before.saturating_sub(rounds.saturating_mul(capacity));
        let stay_max = self.settings.stay_seconds_max();
        let stay = self.mean_stay_seconds().map_or(stay_max, |mean| mean.min(stay_max));
        if first <= self.finished {
            let called_in = self.seconds_by_rate(first + capacity);
            return called_in + stay.saturating_mul(rounds);
        }
        let passed = milliseconds(self.calls.called_at(first).unwrap_or(now), now) / 1_000;
        let left_of = |stay: u64| stay.saturating_mul(rounds + 1).saturating_sub(passed);
        match left_of(stay) {
            // A user who is still inside after the mean time stays for as long again, as far as is known.
            0 => needed.saturating_mul(stay).div_ceil(self.in_use().max(capacity)).min(left_of(stay_max)),
            left => left.min(left_of(stay_max)),
        }
    }

    /// Seconds until `number` is called, if there is a place for everybody.
    fn seconds_by_rate(&self, number: u64) -> u64 {
        number.saturating_sub(self.serving).div_ceil(u64::from(self.settings.admit_per_second).max(1))
    }

    /// How long a place is in use on the average; none while no end was measured.
    fn mean_stay_seconds(&self) -> Option<u64> {
        let milliseconds = u128::from(self.stays.in_use_milliseconds) * 1_000_000;
        let mean = milliseconds.checked_div(u128::from(self.stays.ends_micro))?;
        u64::try_from(mean / 1_000).ok()
    }
}
