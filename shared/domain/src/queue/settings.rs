//! How a queue admits, as its organiser has set it.

use jiff::{SignedDuration, Timestamp};

use crate::text::{self, TextError};
use crate::time::{TIME_MAX, TIME_MIN};

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
/// Longest claim window. A number that nobody claims occupies a place for so long.
pub const CLAIM_SECONDS_MAX: u32 = 600;

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
            _ if self.is_over(now) => Err(JoinError::Closed),
            _ => Ok(()),
        }
    }

    /// How long a called number may be claimed.
    #[must_use]
    pub fn claim_window(&self) -> SignedDuration {
        SignedDuration::from_secs(self.claim_seconds.into())
    }

    /// Whether nobody is called any more at `now`.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| now >= end)
    }

    /// Whether nobody is called for now: it is paused, or it has no rate, or no places.
    #[must_use]
    pub fn calls_nobody(&self) -> bool {
        self.is_paused || self.capacity == 0 || self.admit_per_second == 0
    }
}
