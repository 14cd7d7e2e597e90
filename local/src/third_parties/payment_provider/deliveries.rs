//! Deliveries of events: which are due, how they are signed, and when they are tried again.

use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};

use crate::third_parties::payment_provider::faults::Webhooks;
use crate::third_parties::payment_provider::idempotency::hex;
use crate::third_parties::payment_provider::objects::{Delivered, Event};
use crate::third_parties::payment_provider::state::{State, later};

/// Retries of a delivery, after which it is given up.
pub const RETRIES_MAX: u32 = 10;
/// The wait before the first retry; each further one is twice as long.
const RETRY_SECONDS_FIRST: u64 = 1;
/// The longest wait before a retry.
const RETRY_SECONDS_MAX: u64 = 60;
/// Most events that are handed out at once.
const DELIVERIES_MAX: usize = 100;
/// How long a batch is held that goes out newest first.
pub const REVERSED_SECONDS: u64 = 3;
/// The secret of a wrong signature.
const WRONG_SECRET: &str = "whsec_wrong";

/// An event for the shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The id of the event.
    pub event_id: String,
    /// The body of the request.
    pub body: String,
    /// The header `Stripe-Signature`.
    pub signature: String,
}

/// The deliveries that are due.
pub(crate) fn due_deliveries(state: &State, now: Timestamp) -> Vec<Delivery> {
    let mut events: Vec<&Event> = state.due_events(now).take(DELIVERIES_MAX).collect();
    match state.faults.webhooks {
        Webhooks::Normal | Webhooks::WrongSignature => {}
        Webhooks::Never => events.clear(),
        Webhooks::Twice => events = events.into_iter().flat_map(|event| [event, event]).collect(),
        Webhooks::Reversed => {
            let is_held = events.first().is_none_or(|oldest| later(oldest.due, REVERSED_SECONDS) > now);
            if is_held {
                events.clear();
            }
            events.sort_by_key(|event| std::cmp::Reverse(event.number));
        }
    }
    let wrong = [WRONG_SECRET.to_owned()];
    let is_wrong = state.faults.webhooks == Webhooks::WrongSignature;
    let secrets = if is_wrong { &wrong[..] } else { &state.settings.signing_secrets };
    let deliver = |event: &Event| {
        let body = event.to_json().to_string();
        let signature = sign(secrets, now.as_second(), &body);
        Delivery { event_id: event.id.clone(), body, signature }
    };
    events.into_iter().map(deliver).collect()
}

/// The header of a body, by each of the secrets.
fn sign(secrets: &[String], seconds: i64, body: &str) -> String {
    let signed = format!("{seconds}.{body}");
    let tag = |secret: &String| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        format!(",v1={}", hex(hmac::sign(&key, signed.as_bytes()).as_ref()))
    };
    format!("t={seconds}{}", secrets.iter().map(tag).collect::<String>())
}

/// Notes how a delivery ended.
pub(crate) fn note_delivery(state: &mut State, event_id: &str, succeeded: bool, now: Timestamp) {
    let Some(mut event) = state.events.get(event_id).cloned() else { return };
    // Of two deliveries of the same event the first that succeeds decides.
    if event.delivered != Delivered::Waiting {
        return;
    }
    if succeeded {
        event.delivered = Delivered::Done;
    } else {
        event.failures += 1;
        event.due = later(now, retry_seconds(event.failures));
        if event.failures > RETRIES_MAX {
            event.delivered = Delivered::GivenUp;
        }
    }
    state.put_event(event);
}

fn retry_seconds(failures: u32) -> u64 {
    let doubled = RETRY_SECONDS_FIRST.checked_shl(failures.saturating_sub(1)).unwrap_or(RETRY_SECONDS_MAX);
    doubled.min(RETRY_SECONDS_MAX)
}

/// When deliveries are due next, as the faults have it; none while nothing waits.
pub(crate) fn next_delivery(state: &State) -> Option<Timestamp> {
    let at = state.next_delivery()?;
    match state.faults.webhooks {
        Webhooks::Never => None,
        Webhooks::Reversed => at.checked_add(SignedDuration::from_secs(i64::try_from(REVERSED_SECONDS).ok()?)).ok(),
        _ => Some(at),
    }
}
