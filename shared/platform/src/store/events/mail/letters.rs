//! The state of each letter: a mark before it is handed to SES, and one after.
//!
//! SES does not know a repeated request. **So no letter is lost, and one is sent twice only where an answer got lost**:
//! nobody hands a letter to SES without having marked it, nobody takes another's mark before the lease of that is over,
//! and a letter that was sent is sent for ever.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, integer, number, text};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Write};
use crate::store::events::once::MARK_KEPT_SECONDS;

/// How long a letter belongs to who marked it: longer than the function that sends may run.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);

const SENDING: &str = "sending";
const SENT: &str = "sent";
const NOT_SENT: &str = "not_sent";

/// A letter that is marked by this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    event: String,
    by: Uuid,
}

/// The outcome of marking a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is this process's to send.
    Ours(Claimed),
    /// It was sent, or will never be.
    Done,
    /// Another process may be sending it, for so many seconds at most.
    Busy(i64),
}

/// Why a letter is never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// SES refused the address or the content.
    Refused,
    /// The address is on the suppression list.
    Suppressed,
    /// The account, or what the letter is about, is not there any more.
    NoAccount,
    /// A later letter says more: what was confirmed is given back, what was declined is paid.
    Overtaken,
}

impl NotSent {
    /// Its name in the table and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Suppressed => "suppressed",
            Self::NoAccount => "no_account",
            Self::Overtaken => "overtaken",
        }
    }
}

/// Marks the letter of an event as being sent.
///
/// # Errors
/// When the table fails.
pub async fn claim(app: &App, event: &str) -> Result<Claim, Failure> {
    let by = app.ids().uuid(app.now());
    let mut attempts = Attempts::new(app);
    loop {
        let now = app.now();
        let write = Write::update(&keys::letter(event))
            .set("#state", text(SENDING))
            .set("sender", text(by.to_string()))
            .set("lease_until", number((now + LEASE).as_millisecond()))
            .set("delete_at", number(now.as_second() + MARK_KEPT_SECONDS))
            .name("#state", "state")
            .when("attribute_not_exists(pk) OR (#state = :state AND lease_until < :now)")
            .value(":now", number(now.as_millisecond()));
        match write.run(app, ReturnValue::None).await {
            Ok(_) => return Ok(Claim::Ours(Claimed { event: event.to_owned(), by })),
            Err(Rejected::Guards(failed)) => {
                let old = failed.into_iter().find_map(|failed| failed.old).unwrap_or_default();
                return claimed_before(event, by, &old, now.as_millisecond());
            }
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// What a letter that was marked before means: it may be our own mark, of a try whose answer got lost.
fn claimed_before(event: &str, by: Uuid, old: &Item, now_millisecond: i64) -> Result<Claim, Failure> {
    let of = |name: &str| old.get(name).and_then(|value| value.as_s().ok());
    if of("state").is_none_or(|state| state != SENDING) {
        return Ok(Claim::Done);
    }
    if of("sender").is_some_and(|sender| *sender == by.to_string()) {
        return Ok(Claim::Ours(Claimed { event: event.to_owned(), by }));
    }
    let until = integer(old, "lease_until")?.unwrap_or(now_millisecond);
    Ok(Claim::Busy((until - now_millisecond).max(0) / 1_000 + 1))
}

/// Marks a letter as sent, whoever marked it before: it was sent, and that remains so.
///
/// # Errors
/// When the table fails.
pub async fn note_sent(app: &App, letter: &Claimed, message_id: &str) -> Result<(), Failure> {
    let write = || {
        Write::update(&keys::letter(&letter.event))
            .set("#state", text(SENT))
            .set("message_id", text(message_id))
            .set("delete_at", number(app.now().as_second() + MARK_KEPT_SECONDS))
            .name("#state", "state")
            .when("attribute_not_exists(pk) OR #state <> :state")
    };
    settle(app, write).await
}

/// Marks a letter as one that is never sent.
///
/// # Errors
/// When the table fails.
pub async fn note_not_sent(app: &App, letter: &Claimed, reason: NotSent) -> Result<(), Failure> {
    let write = || {
        Write::update(&keys::letter(&letter.event))
            .set("#state", text(NOT_SENT))
            .set("reason", text(reason.as_str()))
            .name("#state", "state")
            .when("#state = :sending AND sender = :sender")
            .value(":sending", text(SENDING))
            .value(":sender", text(letter.by.to_string()))
    };
    settle(app, write).await
}

/// Gives a marked letter up to whoever is handed it next.
///
/// # Errors
/// When the table fails: then it is free once its lease is over.
pub async fn release(app: &App, letter: &Claimed) -> Result<(), Failure> {
    let write = || {
        Write::update(&keys::letter(&letter.event))
            .set("lease_until", number(0))
            .name("#state", "state")
            .when("#state = :sending AND sender = :sender")
            .value(":sending", text(SENDING))
            .value(":sender", text(letter.by.to_string()))
    };
    settle(app, write).await
}

/// Runs a write until it is answered. A condition that does not hold says that it was done before, or that another
/// process has the letter.
async fn settle(app: &App, write: impl Fn() -> Write) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        match write().run(app, ReturnValue::None).await {
            Ok(_) | Err(Rejected::Guards(_)) => return Ok(()),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}
