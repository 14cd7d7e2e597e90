//! DELETE /queues/{queue_id}/tokens/me

use axum::extract::State;
use onsale_domain::queue::QueueId;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueueCredentials;
use onsale_platform::http::{Detail, NoContent, PathParams, Problem, User, invalid};
use onsale_platform::store::queue::{self, entries};

/// Leaves the queue: gives up the caller's number.
#[utoipa::path(delete, path = "/queues/{queue_id}/tokens/me",
    params(
        ("queue_id" = String, Path),
        ("Queue-Token" = String, Header, description = "The token from the last response"),
    ),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 204, description = "The caller has left (or the entry had already ended)"),
        (status = 401, description = "queue-token-required, queue-token-invalid"),
        (status = 404, description = "not-found"),
        (status = 409, description = "has-live-hold"),
    ))]
pub async fn leave_queue(
    State(app): State<App>,
    user: User,
    queue_credentials: QueueCredentials,
    PathParams(id): PathParams<String>,
) -> Result<NoContent, Problem> {
    let id = QueueId::parse(&id).map_err(invalid("queue_id"))?;
    if queue::get(&app, &id).await?.is_none() {
        return Err(Problem::new(Detail::NoQueue));
    }
    let claims = queue_credentials.claims(&app, user.id, &id).await?;
    entries::leave(&app, user.id, &id, claims.number).await?;
    Ok(NoContent::default())
}
