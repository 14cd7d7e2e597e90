//! GET /queues/{queue_id}
//!
//! A cache in front of it serves any crowd from one look a second, which moves the queue on like any poll; whoever has a
//! token works out the own place.

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::queue::QueueId;
use onsale_platform::app::App;
use onsale_platform::http::{Detail, Params, Problem, ProblemOut, Viewed, invalid};
use onsale_platform::store::queue;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::queue::response::QueueOut;

/// How long it may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 1;

/// Which number is being served, the same for everybody.
#[utoipa::path(get, path = "/queues/{queue_id}", operation_id = "get_queue",
    params(("queue_id" = String, Path)), extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = QueueOut, description = "with an ETag"),
        (status = 304, description = "as If-None-Match names it"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
    ))]
async fn handle(State(app): State<App>, Params(id): Params<String>, headers: HeaderMap) -> Result<Viewed, Problem> {
    let id = QueueId::parse(&id).map_err(invalid("queue_id"))?;
    let queue = queue::polled(&app, &id).await?;
    let queue = queue.ok_or_else(|| Problem::new(Detail::NoQueue))?;
    let issued = queue::issued(&app, &id).await?;
    Ok(Viewed::new(&QueueOut::new(&id, &queue, issued), &headers, MAX_AGE_SECONDS)?)
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
