//! The waiting queue: numbers, not lists.
//!
//! A user who joins takes the next number. The queue moves `serving` forward; a number it has passed is *called* and
//! may be claimed. A called number occupies one of the queue's places until it is *finished*: its admission ended, or
//! nobody claimed it in time. `serving − finished` is therefore the number of places in use, and nobody is ever
//! counted. Numbers that nobody has any more are [gaps], which are passed over; where somebody stands is in [position].

pub mod entry;
pub mod number_lease;

use std::fmt;
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::text::{self, TextError};
use crate::time::{TIME_MAX, TIME_MIN};

pub mod gaps;
pub mod position;

use gaps::Gap;
use position::{Calls, Stays};

/// Longest id of a queue.
pub const QUEUE_ID_CHARACTERS_MAX: usize = 64;
/// Longest message to those who wait.
pub const MESSAGE_CHARACTERS_MAX: usize = 280;
/// Most places of a queue.
pub const CAPACITY_MAX: u32 = 1_000_000;
/// Most numbers a queue may call in a second.
pub const ADMIT_PER_SECOND_MAX: u32 = 1_000;
/// Longest an admission may last.
pub const ACTIVE_MINUTES_MAX: u32 = 240;
/// How long a called number may be claimed, when nobody says otherwise.
pub const CLAIM_SECONDS_DEFAULT: u32 = 120;
/// Shortest claim window: with [`CLAIM_GRACE`] still longer than the pauses between the polls of those who are near when
/// the clocks of who opens and who closes a batch are a minute apart.
pub const CLAIM_SECONDS_MIN: u32 = 60;
/// How much longer a batch stays open than it says, because clocks differ.
pub const CLAIM_GRACE: SignedDuration = SignedDuration::from_secs(30);
/// Longest claim window. A number that nobody claims occupies a place for so long.
pub const CLAIM_SECONDS_MAX: u32 = 600;
/// Most numbers of one admission batch: each claim writes its batch, so a batch is in one transaction at a time.
pub const BATCH_NUMBERS_MAX: u64 = 25;
/// Most batches that one move opens, or closes; with the queue itself and the gaps that a move passes over they are one
/// transaction of at most 100 items.
pub const BATCHES_PER_MOVE_MAX: u64 = 60;
/// A queue is moved on at most so often.
pub const MOVE_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// Another process takes over from the one that moved it last when nobody has moved it for so long: with a thousand
/// processes one goes on moving it, and the others do not even try.
const TAKE_OVER_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// Time that was not turned into calls while people waited is kept for so long.
const SAVED_MAX: SignedDuration = SignedDuration::from_secs(60);
/// How far clocks may differ, one that jumps back included; a queue that was moved by one further ahead is taken back
/// to the present.
const CLOCKS_APART_MAX: SignedDuration = SignedDuration::from_mins(10);

/// The id of a queue: 1 to 64 lower-case letters, digits and hyphens, such as `summer-festival`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(String);

/// Not the id of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 lower-case letters, digits and hyphens")]
pub struct QueueIdError;

impl QueueId {
    /// Reads an id.
    ///
    /// # Errors
    /// When it is empty, too long, or has another character.
    pub fn parse(given: &str) -> Result<Self, QueueIdError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let length = (1..=QUEUE_ID_CHARACTERS_MAX).contains(&given.len());
        if length && given.bytes().all(allowed) { Ok(Self(given.to_owned())) } else { Err(QueueIdError) }
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A message to those who wait, which may be empty.
///
/// # Errors
/// See [`TextError`].
pub fn parse_message(given: &str) -> Result<String, TextError> {
    text::parse_paragraphs(given, MESSAGE_CHARACTERS_MAX)
}

/// How a queue admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Places: most numbers that may be called and unfinished at one time. With none the queue is paused.
    pub capacity: u32,
    /// Most numbers that are called in a second. With none the queue is paused.
    pub admit_per_second: u32,
    /// Nobody is called, whatever the rate and the places are.
    pub is_paused: bool,
    /// How long an admission lasts.
    pub active_minutes: u32,
    /// How long a called number may be claimed.
    pub claim_seconds: u32,
    /// Nobody may join before it.
    pub opens_at: Option<Timestamp>,
    /// Nobody may join from it on; who has joined is still admitted.
    pub closes_at: Option<Timestamp>,
    /// Nobody is called from it on, nor may anybody join; who is inside stays.
    pub ends_at: Option<Timestamp>,
    /// A message to those who wait.
    pub message: Option<String>,
}

/// The state of a queue, as those who wait are told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueState {
    /// Numbers are called.
    Open,
    /// Nobody is called for now; numbers are kept.
    Paused,
    /// Nobody is called any more.
    Over,
}

impl QueueState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Paused, Self::Over];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Over => "over",
        }
    }
}

/// The errors of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Too many places.
    #[error("must be between 0 and 1000000")]
    Capacity,
    /// Too many a second.
    #[error("must be between 0 and 1000")]
    AdmitPerSecond,
    /// No time, or too much.
    #[error("must be between 1 and 240")]
    ActiveMinutes,
    /// Too short to be noticed, or too long.
    #[error("must be between 60 and 600")]
    ClaimSeconds,
    /// Before 2000 or after 2100.
    #[error("must be between 2000 and 2100")]
    OpensAt,
    /// Before 2000 or after 2100, or not after the opening.
    #[error("must be after opens_at, and between 2000 and 2100")]
    ClosesAt,
    /// The same.
    #[error("must be after opens_at, and between 2000 and 2100")]
    EndsAt,
}

/// Nobody may join now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The queue has not opened.
    #[error("the queue opens at {0}")]
    NotOpen(Timestamp),
    /// The queue has closed.
    #[error("the queue has closed")]
    Closed,
    /// After giving a place up, a user gets another when the first could have been claimed: one account, one place.
    /// Else the numbers that somebody takes and leaves would use up the places of others.
    #[error("a place was given up a moment ago; wait before taking another")]
    TooSoon(SignedDuration),
    /// Seats are held with the token that was used up: a new one could not pay for them.
    #[error("there is a live hold")]
    HasLiveHold,
}

impl Settings {
    /// Checks settings.
    ///
    /// # Errors
    /// When one is out of its range; the first in the order of the fields.
    pub fn validated(self) -> Result<Self, SettingsError> {
        let in_time = |time: Option<Timestamp>| time.is_none_or(|time| (TIME_MIN..=TIME_MAX).contains(&time));
        let empty = |end: Option<Timestamp>| self.opens_at.zip(end).is_some_and(|(opens, end)| end <= opens);
        if self.capacity > CAPACITY_MAX {
            Err(SettingsError::Capacity)
        } else if self.admit_per_second > ADMIT_PER_SECOND_MAX {
            Err(SettingsError::AdmitPerSecond)
        } else if !(1..=ACTIVE_MINUTES_MAX).contains(&self.active_minutes) {
            Err(SettingsError::ActiveMinutes)
        } else if !(CLAIM_SECONDS_MIN..=CLAIM_SECONDS_MAX).contains(&self.claim_seconds) {
            Err(SettingsError::ClaimSeconds)
        } else if !in_time(self.opens_at) {
            Err(SettingsError::OpensAt)
        } else if empty(self.closes_at) || !in_time(self.closes_at) {
            Err(SettingsError::ClosesAt)
        } else if empty(self.ends_at) || !in_time(self.ends_at) {
            Err(SettingsError::EndsAt)
        } else {
            Ok(self)
        }
    }

    /// Whether somebody new may join at `now`.
    ///
    /// # Errors
    /// Before the opening instant, and from the closing one or the end on.
    pub fn may_join(&self, now: Timestamp) -> Result<(), JoinError> {
        match (self.opens_at, self.closes_at) {
            (Some(opens), _) if now < opens => Err(JoinError::NotOpen(opens)),
            (_, Some(closes)) if now >= closes => Err(JoinError::Closed),
            _ if self.state_at(now) == QueueState::Over => Err(JoinError::Closed),
            _ => Ok(()),
        }
    }

    /// The state that those who wait are told at `now`.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> QueueState {
        if self.ends_at.is_some_and(|end| now >= end) {
            QueueState::Over
        } else if self.is_paused || self.capacity == 0 || self.admit_per_second == 0 {
            QueueState::Paused
        } else {
            QueueState::Open
        }
    }
}

/// A queue as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// How it admits.
    pub settings: Settings,
    /// The last number that was called; 0 before the first.
    pub serving: u64,
    /// How many of the called numbers are over.
    pub finished: u64,
    /// The last number that had been given out at the last look.
    pub seen: u64,
    /// When that was.
    pub looked_at: Timestamp,
    /// Up to when the time has been turned into calls.
    pub counted_until: Timestamp,
    /// When numbers were called.
    pub calls: Calls,
    /// How long places are in use.
    pub stays: Stays,
    /// Up to when that was measured.
    pub measured_at: Timestamp,
    /// When the first of its open batches may close, or earlier; none while no batch is open.
    pub next_closing_at: Option<Timestamp>,
    /// The process whose poll moved it last, or has the turn to; none if that is the sweep, or nobody.
    pub moved_by: Option<Uuid>,
    /// When somebody took the turn to move it; none once the move is done.
    pub turn_at: Option<Timestamp>,
    /// Rises with every change of settings and every move.
    pub version: u64,
}

/// The next move of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The queue as it will be.
    pub after: Queue,
    /// The numbers that are called or passed over; empty when only the look is noted.
    pub called: RangeInclusive<u64>,
    /// The gaps among them, in order.
    pub passed: Vec<Gap>,
}

/// Neighbouring numbers that are called together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The first of them.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// How many of them nobody has: they count as claimed, and are finished from the beginning.
    pub gaps: u64,
}

impl Queue {
    /// A new queue in which nobody waits.
    #[must_use]
    pub fn new(settings: Settings, now: Timestamp) -> Self {
        Self {
            settings,
            serving: 0,
            finished: 0,
            seen: 0,
            looked_at: now,
            counted_until: now,
            calls: Calls::default(),
            stays: Stays::default(),
            measured_at: now,
            next_closing_at: None,
            moved_by: None,
            turn_at: None,
            version: 1,
        }
    }

    /// How many places are in use.
    #[must_use]
    pub fn in_use(&self) -> u64 {
        self.serving.saturating_sub(self.finished)
    }

    /// Whether a number still waits to be called. One that was admitted before waits no more, even if the queue as it is
    /// known here is older than the admission.
    #[must_use]
    pub fn still_waits(&self, number: u64, was_admitted: bool) -> bool {
        number > self.serving && !was_admitted
    }

    /// Whether `process` should move it on at `now`, by its own clock: nobody else is about to.
    #[must_use]
    pub fn is_due_for(&self, process: Uuid, now: Timestamp) -> bool {
        let is_mine = self.moved_by == Some(process);
        let others = self.moved_by.is_some() && !is_mine;
        let is_free = is_mine || self.turn_at.is_none_or(|turn| is_past(turn, now, TAKE_OVER_AFTER));
        is_free && is_past(self.looked_at, now, if others { TAKE_OVER_AFTER } else { MOVE_EVERY })
    }

    /// The same when a process, or the sweep, has taken the turn to move it at `now`.
    #[must_use]
    pub fn with_turn(&self, process: Option<Uuid>, now: Timestamp) -> Self {
        Self { moved_by: process, turn_at: Some(now), version: self.version + 1, ..self.clone() }
    }

    /// Whether batches may have to be closed at `now`.
    #[must_use]
    pub fn has_batches_to_close(&self, now: Timestamp) -> bool {
        self.next_closing_at.is_some_and(|closing| closing + CLAIM_GRACE <= now)
    }

    /// Decides on the next move, when `issued` numbers have been given out. `None` when nothing is to be written:
    /// nobody waits, or the last move was less than [`MOVE_EVERY`] ago.
    ///
    /// At most `admit_per_second` numbers are called for each second that passed while people waited, and no more at
    /// once than for `at_once`; only numbers that had been given out at the last look, a second ago or more, so that a
    /// number on its way to somebody is not overtaken; and never more than there are free places. `gaps`, in order and
    /// at most [`gaps::GAPS_PER_MOVE_MAX`], cost neither: they are passed over. Who looks twice, or with a clock that
    /// is behind, finds nothing to do. While it is paused nobody is called, and no time is saved up; when it is over
    /// nothing is to be done.
    #[must_use]
    pub fn advance(&self, issued: u64, now: Timestamp, at_once: SignedDuration, gaps: &[Gap]) -> Option<Move> {
        let waiting = self.seen.saturating_sub(self.serving);
        let state = self.settings.state_at(now);
        if state == QueueState::Over
            || !is_past(self.looked_at, now, MOVE_EVERY)
            || (waiting == 0 && issued <= self.seen)
        {
            return None;
        }
        let rate = if state == QueueState::Open { u64::from(self.settings.admit_per_second) } else { 0 };
        let from = self.counted_until.max(now - SAVED_MAX).min(now);
        let credit = milliseconds(from, now) * rate / 1_000;
        let most = (milliseconds(now - at_once, now) * rate / 1_000).min(BATCHES_PER_MOVE_MAX * BATCH_NUMBERS_MAX);
        let room = u64::from(self.settings.capacity).saturating_sub(self.in_use());
        let path = self.path(room.min(credit).min(most), gaps);
        let calls = path.people;
        let spent = i64::try_from((calls * 1_000).checked_div(rate).unwrap_or(0)).unwrap_or(i64::MAX);
        // Time that nobody could use is not saved up; time that could be used, but not at once, is.
        let limited_by_time = calls > 0 && (calls == credit || calls == most);
        let counted_until = if limited_by_time { from + SignedDuration::from_millis(spent) } else { now };
        let passed: u64 = path.passed.iter().map(Gap::count).sum();
        let apart = SignedDuration::from_secs(self.settings.stay_seconds_max().cast_signed())
            / i32::try_from(position::CALLS_MAX - 2).unwrap_or(1);
        let stays = self.stays_until(now);
        let closes_at = now + SignedDuration::from_secs(self.settings.claim_seconds.into());
        let opened = (calls > 0).then_some(closes_at);
        let after = Self {
            serving: path.last,
            finished: self.finished + passed,
            seen: issued.max(self.seen),
            looked_at: now,
            counted_until,
            calls: if path.last > self.serving { self.calls.with_call(path.last, now, apart) } else { self.calls },
            stays: Stays { finished: stays.finished + passed, ..stays },
            measured_at: now,
            next_closing_at: self.next_closing_at.into_iter().chain(opened).min(),
            turn_at: None,
            version: self.version + 1,
            ..self.clone()
        };
        Some(Move { called: self.serving + 1..=after.serving, passed: path.passed, after })
    }
}

impl Move {
    /// The called numbers in batches of neighbours, none of which goes over a multiple of [`BATCH_NUMBERS_MAX`]: so a
    /// number alone tells which batch it can be in. Those of which nobody has a number are left out.
    pub fn batches(&self) -> impl Iterator<Item = Batch> {
        let (from, to) = (*self.called.start(), *self.called.end());
        let begins =
            std::iter::successors(Some(from), |first| Some(batch_end(*first) + 1)).take_while(move |n| *n <= to);
        let batches = begins.map(move |first| {
            let last = batch_end(first).min(to);
            Batch { first, last, gaps: self.passed.iter().map(|gap| gap.count_within(first, last)).sum() }
        });
        batches.filter(|batch| batch.gaps < batch.last + 1 - batch.first)
    }
}

/// The last number that can be in one batch with `number`.
pub(crate) fn batch_end(number: u64) -> u64 {
    number.div_ceil(BATCH_NUMBERS_MAX) * BATCH_NUMBERS_MAX
}

/// Whether `then` is so long ago, or so far ahead that a clock which was wrong has written it.
fn is_past(then: Timestamp, now: Timestamp, age: SignedDuration) -> bool {
    let passed = then.duration_until(now);
    passed >= age || passed < -CLOCKS_APART_MAX
}

fn milliseconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(from.duration_until(to).as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod random;
#[cfg(test)]
mod random_times;
#[cfg(test)]
mod tests;
