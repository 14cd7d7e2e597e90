//! GET /queues/{queue_id}
//!
//! A cache in front of it serves any crowd from one look a second, which moves the queue on like any poll; whoever has
//! a token works out the own place.

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::queue::QueueId;
use onsale_platform::app::App;
use onsale_platform::http::{Cacheable, Detail, PathParams, Problem, invalid};
use onsale_platform::store::queue::{self, numbers};

use crate::queue::response::QueueOut;

/// How long it may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 1;

/// Returns a queue: its settings and the last number called, the same for every caller.
#[utoipa::path(get, path = "/queues/{queue_id}", params(("queue_id" = String, Path)),
    extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = QueueOut, description = "The queue"),
        (status = 304),
        (status = 404, description = "not-found"),
    ))]
pub async fn get_queue(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
    headers: HeaderMap,
) -> Result<Cacheable, Problem> {
    let id = QueueId::parse(&id).map_err(invalid("queue_id"))?;
    let queue = queue::get_and_advance(&app, &id).await?;
    let queue = queue.ok_or_else(|| Problem::new(Detail::NoQueue))?;
    let issued = numbers::get_issued(&app, &id).await?;
    Ok(Cacheable::new(&QueueOut::new(&id, &queue, issued, app.now()), &headers, MAX_AGE_SECONDS)?)
}
