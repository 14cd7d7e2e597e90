//! The waiting queue: numbers, not lists.
//!
//! A user who joins takes the next number. The queue moves `serving` forward; a number it has passed is *called* and
//! may be claimed. A called number occupies one of the queue's places until it is *finished*: its admission ended, or
//! nobody claimed it in time. `serving − finished` is therefore the number of places in use, and nobody is ever
//! counted. Numbers that nobody has any more are [gaps], which are passed over; where somebody stands is in [position].

pub mod entry;
pub mod gaps;
pub mod moves;
pub mod number_lease;
pub mod position;
pub mod settings;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use position::{Calls, Stays};
use settings::Settings;

/// Most concerts that one queue guards.
pub const CONCERTS_MAX: u32 = 100;

/// Longest id of a queue.
pub const QUEUE_ID_CHARACTERS_MAX: usize = 64;
/// How much longer a batch stays open than it says, because clocks differ.
pub const CLAIM_GRACE: SignedDuration = SignedDuration::from_secs(30);
/// Most numbers of one admission batch: each claim writes its batch, so a batch is in one transaction at a time.
pub const BATCH_NUMBERS_MAX: u64 = 25;
/// A queue is moved on at most so often.
pub const MOVE_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// Another process takes over from the one that moved it last when nobody has moved it for so long: with a thousand
/// processes one goes on moving it, and the others do not even try.
const TAKE_OVER_AFTER: SignedDuration = SignedDuration::from_secs(2);
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

/// The state of a queue, as those who wait are told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueState {
    /// Numbers are called.
    Open,
    /// Nobody is called for now; numbers are kept.
    Paused,
    /// Every seat on sale behind it is sold. Nobody is called, unless one comes back.
    SoldOut,
    /// Nobody is called any more.
    Over,
}

impl QueueState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Paused, Self::SoldOut, Self::Over];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::SoldOut => "sold_out",
            Self::Over => "over",
        }
    }
}

/// The seats of the dates on sale behind a queue that are not sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatsLeft {
    /// How many nobody holds.
    pub available: u64,
    /// How many somebody holds who has not paid: some of them come back.
    pub held: u64,
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
    /// The seats that were left behind it at the last look; none while no date is on sale there.
    pub seats_left: Option<SeatsLeft>,
    /// How many concerts it guards.
    pub concerts: u32,
    /// The process whose poll moved it last, or has the turn to; none if that is the sweep, or nobody.
    pub moved_by: Option<Uuid>,
    /// When somebody took the turn to move it; none once the move is done.
    pub turn_at: Option<Timestamp>,
    /// Rises with every change of settings and every move.
    pub version: u64,
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
            seats_left: None,
            concerts: 0,
            moved_by: None,
            turn_at: None,
            version: 1,
        }
    }

    /// The state that those who wait are told at `now`.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> QueueState {
        if self.settings.is_over(now) {
            QueueState::Over
        } else if self.seats_left == Some(SeatsLeft { available: 0, held: 0 }) {
            QueueState::SoldOut
        } else if self.settings.calls_nobody() {
            QueueState::Paused
        } else {
            QueueState::Open
        }
    }

    /// A new queue under a name that has given out `issued` numbers before: it goes on behind them.
    #[must_use]
    pub fn continued(settings: Settings, issued: u64, now: Timestamp) -> Self {
        let stays = Stays { finished: issued, ..Stays::default() };
        Self { serving: issued, finished: issued, seen: issued, stays, ..Self::new(settings, now) }
    }

    /// Whether somebody is admitted, or may claim.
    #[must_use]
    pub fn has_somebody_inside(&self) -> bool {
        self.in_use() > 0 || self.next_closing_at.is_some()
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
