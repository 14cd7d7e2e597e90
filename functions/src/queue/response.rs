use jiff::Timestamp;
use onsale_domain::queue::entry::EntryState;
use onsale_domain::queue::position::QueuePosition;
use onsale_domain::queue::{Queue, QueueId, QueueState};
use onsale_domain::time::EpochSecond;
use onsale_platform::http::openapi::one_of;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

/// A queue. The holder of number n has `n - serving - 1` buyers ahead.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "queue_id": "spring-2030",
    "state": "open",
    "capacity": 500,
    "admit_per_second": 20,
    "paused": false,
    "active_minutes": 10,
    "claim_seconds": 120,
    "opens_at": "2030-11-01T10:30:00Z",
    "closes_at": null,
    "ends_at": null,
    "message": null,
    "seats_available": 1840,
    "seats_held": 310,
    "serving": 1200,
    "issued": 8400,
    "active": 480,
}))]
pub struct QueueOut {
    /// Id of the queue.
    queue_id: String,
    #[schema(schema_with = queue_states)]
    state: &'static str,
    /// Most admitted buyers at one time; 0 pauses the queue.
    capacity: u32,
    /// Most numbers called per second; 0 pauses the queue.
    admit_per_second: u32,
    /// Whether an administrator has paused the queue.
    paused: bool,
    /// Duration of an admission, in minutes.
    active_minutes: u32,
    /// Time to claim a called number, in seconds.
    claim_seconds: u32,
    /// Time from which buyers can join; null if they can join at any time.
    opens_at: Option<Timestamp>,
    /// Time until which buyers can join (exclusive); null if the queue stays open.
    closes_at: Option<Timestamp>,
    /// Time from which nobody is called; null if the queue does not end.
    ends_at: Option<Timestamp>,
    /// Message to the buyers who wait; null if there is none.
    message: Option<String>,
    /// Seats on sale behind the queue that nobody holds; null while none of its concerts is on sale.
    seats_available: Option<u64>,
    /// Seats that buyers hold and have not paid; some of them come back. Null while none of its concerts is on sale.
    seats_held: Option<u64>,
    /// Last number called.
    serving: u64,
    /// Last number issued.
    issued: u64,
    /// Places in use: admitted buyers, and called numbers that can still be claimed.
    active: u64,
}

impl QueueOut {
    pub fn new(id: &QueueId, queue: &Queue, issued: u64, now: Timestamp) -> Self {
        let settings = &queue.settings;
        Self {
            queue_id: id.to_string(),
            state: queue.state_at(now).as_str(),
            paused: settings.is_paused,
            capacity: settings.capacity,
            admit_per_second: settings.admit_per_second,
            active_minutes: settings.active_minutes,
            claim_seconds: settings.claim_seconds,
            opens_at: settings.opens_at,
            closes_at: settings.closes_at,
            ends_at: settings.ends_at,
            message: settings.message.clone(),
            seats_available: queue.seats_left.map(|left| left.available),
            seats_held: queue.seats_left.map(|left| left.held),
            serving: queue.serving,
            issued: issued.max(queue.serving),
            active: queue.in_use(),
        }
    }
}

/// The states of a queue.
fn queue_states() -> Object {
    one_of(
        "State of the queue: `open` while numbers are called, `paused` while nobody is called for now, `sold_out` while \
         every seat on sale is sold, `over` once nobody is called any more.",
        QueueState::ALL.map(QueueState::as_str),
    )
}

/// The states of a queue entry.
fn states() -> Object {
    one_of("State of the entry.", EntryState::ALL.map(EntryState::as_str))
}

/// A queue entry: a number in a queue, and its token.
#[derive(Debug, Serialize, ToSchema)]
// Clients that were generated from the document know it by this name.
#[schema(as = TokenOut, example = json!({
    "queue_id": "spring-2030",
    "queue_state": "open",
    "seats_available": 1840,
    "seats_held": 310,
    "state": "waiting",
    "number": 1300,
    "position": 100,
    "ahead": 99,
    "eta_seconds": 5,
    "retry_after_ms": 3750,
    "issued_at": "2030-11-01T10:30:01.5Z",
    "token": "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl",
}))]
pub struct QueueEntryOut {
    /// Id of the queue.
    queue_id: String,
    #[schema(schema_with = queue_states)]
    queue_state: &'static str,
    /// Message to the buyers who wait; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Seats on sale that nobody holds; absent while none is on sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    seats_available: Option<u64>,
    /// Seats that buyers hold and have not paid; absent while none is on sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    seats_held: Option<u64>,
    #[schema(schema_with = states)]
    state: &'static str,
    /// Number of the entry.
    number: u64,
    /// Position in the queue: 1 is called next, 0 has been called. A buyer who missed the call is at 1 once more.
    position: u64,
    /// Buyers who are called first.
    ahead: u64,
    /// Estimated seconds until the number is called: at least `position` divided by `admit_per_second`, and longer
    /// while every place is in use. The estimate follows how long admissions last, so it can rise. Absent while the
    /// queue is paused or sold out, and once it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_seconds: Option<u64>,
    /// Milliseconds to wait before the next poll; absent once the entry has ended, and for a buyer who waits in a queue
    /// that is sold out or over.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// Time of joining; only in responses of join_queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Timestamp>,
    /// End of the admission; absent before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    /// Token to send as `Queue-Token` from now on; absent while the one that was sent stays good, and once the entry has
    /// ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl QueueEntryOut {
    /// A place whose number is to be called, or has been, at `now`.
    pub fn new(id: &QueueId, state: EntryState, number: u64, queue: &Queue, now: Timestamp) -> Self {
        Self::at(queue.position_of(number, now), id, state, number, queue, now)
    }

    /// A place whose number was called while its holder was away, and is called once more.
    pub fn missed(id: &QueueId, number: u64, queue: &Queue, now: Timestamp) -> Self {
        Self::at(queue.position_of_missed(now), id, EntryState::Waiting, number, queue, now)
    }

    fn at(
        standing: QueuePosition,
        id: &QueueId,
        state: EntryState,
        number: u64,
        queue: &Queue,
        now: Timestamp,
    ) -> Self {
        Self {
            queue_id: id.to_string(),
            queue_state: queue.state_at(now).as_str(),
            message: queue.settings.message.clone(),
            seats_available: queue.seats_left.map(|left| left.available),
            seats_held: queue.seats_left.map(|left| left.held),
            state: state.as_str(),
            number,
            position: standing.position,
            ahead: standing.ahead,
            eta_seconds: standing.eta_seconds,
            retry_after_ms: standing.retry_after_milliseconds.filter(|_| !state.has_ended()),
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

    /// With a token, if it is another than the caller's.
    pub fn token(mut self, token: Option<String>) -> Self {
        self.token = token;
        self
    }
}
