//! A receiver of events in the place of a data platform: it verifies and keeps what it gets, shows it, and fails when
//! it is told to.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use onsale_platform::clock::Clock;
use onsale_platform::memory::lock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// Most events that are kept; after that the oldest goes for each new one.
const EVENTS_MAX: usize = 10_000;
/// Events that are shown, unless asked otherwise, and the most.
const SHOWN_DEFAULT: usize = 20;
const SHOWN_MAX: usize = EVENTS_MAX;
/// How far the time of a signature may be from ours, in seconds.
const SIGNED_SECONDS_MAX: u64 = 300;
/// Longest that an answer can be delayed.
const DELAY_MILLISECONDS_MAX: u64 = 60_000;

/// How the receiver answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// The status of its answers, 200 to 599. It keeps an event if this is below 300.
    pub answer: u16,
    /// It keeps the event first and answers so much later, at most a minute.
    pub delay_milliseconds: u64,
    /// It keeps nothing and never answers.
    pub hang: bool,
    /// A header `Retry-After` of so many seconds.
    pub retry_after_seconds: Option<u64>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { answer: 200, delay_milliseconds: 0, hang: false, retry_after_seconds: None }
    }
}

/// An event as it was received.
#[derive(Clone, Debug, Serialize)]
pub struct Received {
    /// As it came first.
    pub event: Value,
    /// How often it came.
    pub times: u64,
    /// Whether it came with another content under the same id. That must not be.
    pub differs: bool,
    /// When it came first.
    pub first_at: Timestamp,
    /// When it came last.
    pub last_at: Timestamp,
}

/// The receiver. Cheap to clone.
#[derive(Clone)]
pub struct Receiver {
    key: hmac::Key,
    clock: Clock,
    state: Arc<Mutex<ReceiverLog>>,
    changed: Arc<Notify>,
}

#[derive(Default)]
struct ReceiverLog {
    behaviour: Behaviour,
    /// Requests to take an event, whatever they were answered.
    requests: u64,
    /// In the order in which they came first.
    order: VecDeque<String>,
    events: HashMap<String, Received>,
}

impl Receiver {
    /// A receiver that knows the secret in this file.
    ///
    /// # Errors
    /// When the file cannot be read or is no secret.
    pub fn new(clock: Clock, secret: &Path) -> io::Result<Self> {
        let secret = std::fs::read_to_string(secret)?;
        let bytes = STANDARD.decode(secret.trim()).map_err(|_| io::Error::other("the secret is not base64"))?;
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &bytes),
            clock,
            state: Arc::default(),
            changed: Arc::default(),
        })
    }

    /// Its HTTP interface.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/events", post(receive).get(show).delete(forget))
            .route("/behaviour", get(behaviour).put(behave))
            .with_state(self.clone())
    }

    /// How many requests to take an event came.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.lock_log().requests
    }

    /// The events that it got, in the order in which they came first.
    #[must_use]
    pub fn received_events(&self) -> Vec<Received> {
        let log = self.lock_log();
        log.order.iter().filter_map(|id| log.events.get(id)).cloned().collect()
    }

    /// Returns once `holds` is true of it, which is asked anew after every request.
    pub async fn wait_until(&self, holds: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            if holds(self) {
                return;
            }
            changed.await;
        }
    }

    /// Changes how it answers from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.lock_log().behaviour = behaviour;
    }

    fn lock_log(&self) -> MutexGuard<'_, ReceiverLog> {
        lock(&self.state)
    }

    /// Whether the headers hold a signature of this body by our secret, made just now.
    fn is_signed(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (id, time) = (text("webhook-id"), text("webhook-timestamp"));
        let now = self.clock.now().as_second();
        let fresh = time.parse().is_ok_and(|time: i64| time.abs_diff(now) <= SIGNED_SECONDS_MAX);
        let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
        let by_us = |signature: &str| {
            let tag = signature.strip_prefix("v1,").and_then(|tag| STANDARD.decode(tag).ok());
            tag.is_some_and(|tag| hmac::verify(&self.key, &signed, &tag).is_ok())
        };
        fresh && !id.is_empty() && text("webhook-signature").split(' ').any(by_us)
    }

    fn store_event(&self, id: &str, event: Value) {
        let now = self.clock.now();
        let mut log = self.lock_log();
        if let Some(known) = log.events.get_mut(id) {
            known.times += 1;
            known.differs |= known.event != event;
            known.last_at = now;
            return;
        }
        log.order.push_back(id.to_owned());
        log.events.insert(id.to_owned(), Received { event, times: 1, differs: false, first_at: now, last_at: now });
        if log.order.len() > EVENTS_MAX
            && let Some(oldest) = log.order.pop_front()
        {
            log.events.remove(&oldest);
        }
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let behaviour = {
        let mut log = receiver.lock_log();
        log.requests += 1;
        log.behaviour.clone()
    };
    receiver.changed.notify_waiters();
    if behaviour.hang {
        std::future::pending::<()>().await;
    }
    if !receiver.is_signed(&headers, &body) {
        return bad_request(StatusCode::UNAUTHORIZED, "the signature is missing, wrong or old");
    }
    let Some((id, event)) = serde_json::from_slice::<Value>(&body)
        .ok()
        .and_then(|event| Some((event["id"].as_str()?.to_owned(), event)))
        .filter(|(id, _)| headers.get("webhook-id").is_some_and(|named| named == id.as_str()))
    else {
        return bad_request(StatusCode::BAD_REQUEST, "the body is no event with the id of the header");
    };
    let status = StatusCode::from_u16(behaviour.answer).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_success() {
        receiver.store_event(&id, event);
        receiver.changed.notify_waiters();
    }
    tokio::time::sleep(Duration::from_millis(behaviour.delay_milliseconds)).await;
    match behaviour.retry_after_seconds {
        Some(seconds) => (status, [(header::RETRY_AFTER, seconds.to_string())]).into_response(),
        None => status.into_response(),
    }
}

/// The events to show.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    #[serde(rename = "type")]
    kind: Option<String>,
    limit: Option<usize>,
}

/// Newest first.
async fn show(State(receiver): State<Receiver>, shown: Result<Query<Shown>, QueryRejection>) -> Response {
    let Query(shown) = match shown {
        Ok(shown) => shown,
        Err(problem) => return bad_request(StatusCode::BAD_REQUEST, &problem.body_text()),
    };
    let log = receiver.lock_log();
    let newest_first = log.order.iter().rev().filter_map(|id| log.events.get(id));
    let wanted =
        newest_first.filter(|newest_first| shown.kind.as_deref().is_none_or(|kind| newest_first.event["type"] == kind));
    let items: Vec<&Received> = wanted.take(shown.limit.unwrap_or(SHOWN_DEFAULT).min(SHOWN_MAX)).collect();
    Json(json!({ "events": log.order.len(), "requests": log.requests, "items": items })).into_response()
}

async fn forget(State(receiver): State<Receiver>) -> StatusCode {
    let mut log = receiver.lock_log();
    let behaviour = log.behaviour.clone();
    *log = ReceiverLog { behaviour, ..ReceiverLog::default() };
    StatusCode::NO_CONTENT
}

async fn behaviour(State(receiver): State<Receiver>) -> Json<Behaviour> {
    Json(receiver.lock_log().behaviour.clone())
}

async fn behave(State(receiver): State<Receiver>, asked: Result<Json<Behaviour>, JsonRejection>) -> Response {
    let Json(asked) = match asked {
        Ok(asked) => asked,
        Err(problem) => return bad_request(StatusCode::BAD_REQUEST, &problem.body_text()),
    };
    if !(200..600).contains(&asked.answer) || asked.delay_milliseconds > DELAY_MILLISECONDS_MAX {
        let limits = "answer must be 200 to 599, delay_milliseconds at most 60000";
        return bad_request(StatusCode::BAD_REQUEST, limits);
    }
    receiver.behave(asked.clone());
    Json(asked).into_response()
}

fn bad_request(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}
