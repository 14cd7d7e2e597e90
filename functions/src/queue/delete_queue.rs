//! DELETE /queues/{queue_id}

use axum::extract::State;
use onsale_domain::queue::QueueId;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, NoContent, PathParams, Problem, invalid};
use onsale_platform::store::queue::delete;

/// Deletes a queue, unless somebody is in it or a concert has it. Once it is over, those who still wait do not count.
#[utoipa::path(delete, path = "/queues/{queue_id}", params(("queue_id" = String, Path)),
    extensions(("x-access" = json!("admin"))),
    responses(
        (status = 204, description = "The queue is deleted (or was before)"),
        (status = 409, description = "queue-in-use"),
    ))]
pub async fn delete_queue(
    State(app): State<App>,
    admin: Admin,
    PathParams(id): PathParams<String>,
) -> Result<NoContent, Problem> {
    let id = QueueId::parse(&id).map_err(invalid("queue_id"))?;
    let action = admin.action("delete_queue", &id);
    delete::delete(&app, &id, &action).await?;
    Ok(NoContent::default())
}
