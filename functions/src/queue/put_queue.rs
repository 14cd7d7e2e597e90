//! PUT /queues/{queue_id}
//!
//! Everybody who waits keeps the number, everybody who is inside stays. A capacity below those inside lets nobody in
//! until enough of them are done; a pause lets nobody in until it is taken back.

use axum::extract::State;
use onsale_domain::queue::QueueId;
use onsale_domain::queue::settings::{CLAIM_SECONDS_DEFAULT, Settings, SettingsError, parse_message};
use onsale_domain::time;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Answer, Json, PathParams, Problem, invalid};
use onsale_platform::store::dynamodb::idempotency::Once;
use onsale_platform::store::queue::{self, numbers};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::queue::response::QueueOut;

/// Settings of a queue.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "capacity": 2, "admit_per_second": 1, "active_minutes": 10 }))]
pub struct PutQueueIn {
    /// Most admitted buyers at one time, up to 1,000,000; 0 pauses the queue.
    #[schema(minimum = 0, maximum = 1000000)]
    capacity: u32,
    /// Most numbers called per second, up to 1,000; 0 pauses the queue.
    #[schema(minimum = 0, maximum = 1000)]
    admit_per_second: u32,
    /// Whether to call nobody for now; false if omitted. Buyers who wait keep their numbers.
    #[serde(default)]
    paused: bool,
    /// Duration of an admission, 1 to 240 minutes.
    #[schema(minimum = 1, maximum = 240)]
    active_minutes: u32,
    /// Time to claim a called number, 60 to 600 seconds; 120 if omitted. An unclaimed number occupies a place for that
    /// long.
    #[schema(minimum = 60, maximum = 600, example = 120)]
    claim_seconds: Option<u32>,
    /// Time from which buyers can join.
    #[schema(value_type = Option<Timestamp>)]
    opens_at: Option<String>,
    /// Time until which buyers can join (exclusive); those who joined are still admitted. A time in the past closes the
    /// queue at once.
    #[schema(value_type = Option<Timestamp>)]
    closes_at: Option<String>,
    /// Time from which nobody is called and nobody can join; admitted buyers keep their admissions. A time in the past
    /// ends the queue at once.
    #[schema(value_type = Option<Timestamp>)]
    ends_at: Option<String>,
    /// Message to the buyers who wait, up to 280 characters.
    #[schema(max_length = 280, example = "Doors open at 20:30.")]
    message: Option<String>,
}

/// Creates a queue or changes its settings.
#[utoipa::path(put, path = "/queues/{queue_id}", request_body = PutQueueIn, params(("queue_id" = String, Path)),
    extensions(("x-access" = json!("admin"))),
    responses(
        (status = 201, body = QueueOut, description = "The new queue"),
        (status = 200, body = QueueOut, description = "The existing queue with its new settings"),
    ))]
pub async fn put_queue(
    State(app): State<App>,
    admin: Admin,
    PathParams(id): PathParams<String>,
    Json(request): Json<PutQueueIn>,
) -> Result<Answer<QueueOut>, Problem> {
    let id = QueueId::parse(&id).map_err(invalid("queue_id"))?;
    let message = request.message.as_deref().map(parse_message).transpose().map_err(invalid("message"))?;
    let settings = Settings {
        capacity: request.capacity,
        admit_per_second: request.admit_per_second,
        is_paused: request.paused,
        active_minutes: request.active_minutes,
        claim_seconds: request.claim_seconds.unwrap_or(CLAIM_SECONDS_DEFAULT),
        opens_at: request.opens_at.as_deref().map(time::parse).transpose().map_err(invalid("opens_at"))?,
        closes_at: request.closes_at.as_deref().map(time::parse).transpose().map_err(invalid("closes_at"))?,
        ends_at: request.ends_at.as_deref().map(time::parse).transpose().map_err(invalid("ends_at"))?,
        message: message.filter(|message| !message.is_empty()),
    };
    let settings = settings.validated().map_err(|error| {
        invalid(match error {
            SettingsError::Capacity => "capacity",
            SettingsError::AdmitPerSecond => "admit_per_second",
            SettingsError::ActiveMinutes => "active_minutes",
            SettingsError::ClaimSeconds => "claim_seconds",
            SettingsError::OpensAt => "opens_at",
            SettingsError::ClosesAt => "closes_at",
            SettingsError::EndsAt => "ends_at",
        })(error)
    })?;
    let action = admin
        .action("put_queue", &id)
        .with_change("capacity", settings.capacity)
        .with_change("admit_per_second", settings.admit_per_second)
        .with_change("paused", settings.is_paused);
    let queue = queue::put(&app, &id, settings, &action).await?;
    let issued = match &queue {
        Once::New(queue) => queue.seen,
        Once::Replayed(_) | Once::Existing(_) => numbers::get_issued(&app, &id).await?,
    };
    Ok(queue.map(|queue| QueueOut::new(&id, &queue, issued, app.now())).into())
}
