//! The faults that the provider can be told to have.

use serde::{Deserialize, Serialize};

/// Longest delay of an answer.
const DELAY_MILLISECONDS_MAX: u64 = 60_000;
/// Longest that an unanswered call holds its connection.
const HANG_SECONDS_MAX: u64 = 600;
/// Longest that a charge is `processing`, that a refund is undecided, and that the search is behind: a day.
const LATE_SECONDS_MAX: u64 = 86_400;

/// The faults in force. Counters count down as they are used. Everything is well by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Whether the API is down: nothing is done.
    pub down: Down,
    /// The next so many calls are answered 429, and nothing is done.
    pub rate_limited: u32,
    /// The next so many confirmations are declined.
    pub declines: u32,
    /// Each call is acted upon first and answered so much later, at most a minute.
    pub delay_milliseconds: u64,
    /// The next so many calls of `operation` are acted upon and not answered.
    pub unanswered: u32,
    /// The operation that `unanswered` counts.
    pub operation: Operation,
    /// How long the connection of an unanswered call stays open before it breaks, at most ten minutes.
    pub hang_seconds: u64,
    /// The next so many captures are refused for good: the payment is canceled.
    pub captures_refused: u32,
    /// The next so many refunds are refused, as for a closed card.
    pub refunds_refused: u32,
    /// How events are delivered.
    pub webhooks: Webhooks,
    /// How long a charge of the card for late money is `processing`.
    pub processing_seconds: u64,
    /// How long a refund of the cards for that is undecided, or seems to have succeeded.
    pub refund_seconds: u64,
    /// The search does not find payments that are younger. Stripe's is behind by up to a minute.
    pub search_delay_seconds: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            down: Down::No,
            rate_limited: 0,
            declines: 0,
            delay_milliseconds: 0,
            unanswered: 0,
            operation: Operation::Any,
            hang_seconds: 30,
            captures_refused: 0,
            refunds_refused: 0,
            webhooks: Webhooks::Normal,
            processing_seconds: 20,
            refund_seconds: 5,
            search_delay_seconds: 0,
        }
    }
}

/// Whether the API is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Down {
    /// It works.
    #[default]
    No,
    /// Every call is answered 503.
    Answers,
    /// Every connection is broken.
    Drops,
}

/// A kind of call that changes something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Every one of them.
    #[default]
    Any,
    /// Creating a payment intent.
    Create,
    /// Confirming one.
    Confirm,
    /// Capturing one.
    Capture,
    /// Canceling one.
    Cancel,
    /// Creating a refund.
    Refund,
}

/// How events are delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Webhooks {
    /// In order, once, and again after a failure.
    #[default]
    Normal,
    /// Not at all. They stay waiting, and go out late once this is over.
    Never,
    /// Each one twice.
    Twice,
    /// Held for some seconds, and then the newest first.
    Reversed,
    /// With a signature by another secret.
    WrongSignature,
}

/// A fault is out of its bounds.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be at most {most}")]
pub struct FaultsError {
    field: &'static str,
    most: u64,
}

impl Faults {
    /// Checks the bounds.
    ///
    /// # Errors
    /// When a value is above its maximum.
    pub fn check(&self) -> Result<(), FaultsError> {
        let bounds = [
            ("delay_milliseconds", self.delay_milliseconds, DELAY_MILLISECONDS_MAX),
            ("hang_seconds", self.hang_seconds, HANG_SECONDS_MAX),
            ("processing_seconds", self.processing_seconds, LATE_SECONDS_MAX),
            ("refund_seconds", self.refund_seconds, LATE_SECONDS_MAX),
            ("search_delay_seconds", self.search_delay_seconds, LATE_SECONDS_MAX),
        ];
        match bounds.into_iter().find(|(_, value, most)| value > most) {
            Some((field, _, most)) => Err(FaultsError { field, most }),
            None => Ok(()),
        }
    }

    /// Whether this call of `operation` stays unanswered.
    pub(crate) fn take_unanswered(&mut self, operation: Operation) -> bool {
        let meant = self.operation == Operation::Any || self.operation == operation;
        meant && take(&mut self.unanswered)
    }
}

/// Uses a counter once, if anything is left of it.
pub(crate) fn take(counter: &mut u32) -> bool {
    let left = *counter > 0;
    *counter = counter.saturating_sub(1);
    left
}
