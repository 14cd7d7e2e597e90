//! PUT /concerts/{concert_id}/queue
//!
//! Before the sale a queue can be put in front of a concert, changed, or taken away; everybody in the old queue keeps
//! the place there.

use axum::extract::State;
use onsale_domain::id::ConcertId;
use onsale_domain::queue::QueueId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Json, Organiser, PathId, Problem, invalid};
use onsale_platform::store::concerts::guard_queue;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::concerts::response::ConcertOut;

/// A queue for a concert.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "queue_id": "encore" }))]
pub struct SetConcertQueueIn {
    /// Waiting queue in front of the sale; null for a sale without a queue.
    #[schema(max_length = 64)]
    queue_id: Option<String>,
}

/// Sets, changes or removes the waiting queue of a concert, until three minutes before its first sale opens.
#[utoipa::path(put, path = "/concerts/{concert_id}/queue", request_body = SetConcertQueueIn,
    params(("concert_id" = Uuid, Path)), extensions(("x-access" = json!("organiser"))),
    responses(
        (status = 200, body = ConcertOut, description = "The concert with its new queue"),
        (status = 404, description = "not-found"),
        (status = 409, description = "sale-opened, concert-limit, date-limit"),
    ))]
pub async fn set_concert_queue(
    State(app): State<App>,
    organiser: Organiser,
    PathId(id): PathId<ConcertId>,
    Json(request): Json<SetConcertQueueIn>,
) -> Result<Answer<ConcertOut>, Problem> {
    let queue = request.queue_id.as_deref().map(QueueId::parse).transpose().map_err(invalid("queue_id"))?;
    let name = queue.as_ref().map_or("none", QueueId::as_str);
    organiser.check_owns(&app, id).await?;
    let action = organiser.action("set_concert_queue", id).with_change("queue_id", name);
    let concert = guard_queue::set(&app, id, queue.as_ref(), &action).await?;
    Ok(Answer::ok(concert.into()))
}
