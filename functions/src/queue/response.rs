use jiff::Timestamp;
use onsale_domain::queue::entry::EntryState;
use onsale_domain::queue::{Queue, QueueId};
use onsale_domain::time::EpochSecond;
use onsale_platform::http::openapi::one_of;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

/// A queue as everybody may see it. The holder of number n has `n - serving - 1` ahead.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueOut {
    queue_id: String,
    /// Places: most who may be inside at one time.
    capacity: u32,
    /// Most numbers called in a second.
    admit_per_second: u32,
    /// How long an admission lasts.
    active_minutes: u32,
    /// How long a called number may be claimed.
    claim_seconds: u32,
    /// Nobody may join before it.
    opens_at: Option<Timestamp>,
    /// Nobody may join from it on.
    closes_at: Option<Timestamp>,
    /// The last number that was called.
    serving: u64,
    /// The last number that was given out.
    issued: u64,
    /// Places in use.
    active: u64,
}

impl QueueOut {
    pub fn new(id: &QueueId, queue: &Queue, issued: u64) -> Self {
        let settings = queue.settings;
        Self {
            queue_id: id.to_string(),
            capacity: settings.capacity,
            admit_per_second: settings.admit_per_second,
            active_minutes: settings.active_minutes,
            claim_seconds: settings.claim_seconds,
            opens_at: settings.opens_at,
            closes_at: settings.closes_at,
            serving: queue.serving,
            issued: issued.max(queue.serving),
            active: queue.in_use(),
        }
    }
}

/// Where a place may stand.
fn states() -> Object {
    one_of(EntryState::ALL.map(EntryState::as_str))
}

/// A place in a queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenOut {
    queue_id: String,
    /// `waiting`, `admitted`, `used`, `expired` or `left`.
    #[schema(schema_with = states)]
    state: &'static str,
    /// The number; 0 ahead when it is one above `serving`.
    number: u64,
    /// 1 is the next to be called; 0 once it has been.
    position: u64,
    /// How many are to be called before.
    ahead: u64,
    /// Seconds until the number is called, as far as is known: never less than `position` divided by
    /// `admit_per_second`, and while every place is in use as long as it takes until enough of them are free. It follows
    /// how long places are in use, so it may rise.
    eta_seconds: u64,
    /// Not before so many milliseconds is it worth while to ask again; none once the place is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// When the number was taken; only from join_queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Timestamp>,
    /// When the admission is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// The token to send as `Queue-Token` from now on; none once the place is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl TokenOut {
    /// A place whose number is to be called, or has been, at `now`.
    pub fn new(id: &QueueId, state: EntryState, number: u64, queue: &Queue, now: Timestamp) -> Self {
        let standing = queue.position_of(number, now);
        Self {
            queue_id: id.to_string(),
            state: state.as_str(),
            number,
            position: standing.position,
            ahead: standing.ahead,
            eta_seconds: standing.eta_seconds,
            retry_after_ms: (!state.has_ended()).then_some(standing.retry_after_milliseconds),
            issued_at: None,
            expires_at: None,
            token: None,
        }
    }

    pub fn issued_at(mut self, at: Timestamp) -> Self {
        self.issued_at = Some(at);
        self
    }

    /// With the end of its admission.
    pub fn expires_at(mut self, end: Option<EpochSecond>) -> Self {
        self.expires_at = end.map(EpochSecond::start);
        self
    }

    pub fn token(mut self, token: String) -> Self {
        self.token = Some(token);
        self
    }
}
