//! DELETE /queues/{queue_id}/tokens/me

use axum::extract::State;
use onsale_domain::queue::QueueId;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueuePass;
use onsale_platform::http::{Detail, NoContent, Params, Problem, ProblemOut, User, invalid};
use onsale_platform::store::queue::{self, entries};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Gives the place up.
#[utoipa::path(delete, path = "/queues/{queue_id}/tokens/me", operation_id = "leave_queue",
    params(("queue_id" = String, Path), ("Queue-Token" = String, Header, description = "the last one that was given")),
    security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 204, description = "the place is given up, or was lost before"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 401, body = ProblemOut, description = "queue-token-required, queue-token-invalid"),
        (status = 404, body = ProblemOut, description = "not-found"),
        (status = 409, body = ProblemOut, description = "has-live-hold"),
    ))]
async fn handle(
    State(app): State<App>,
    user: User,
    pass: QueuePass,
    Params(id): Params<String>,
) -> Result<NoContent, Problem> {
    let id = QueueId::parse(&id).map_err(invalid("queue_id"))?;
    if queue::current(&app, &id).await?.is_none() {
        return Err(Problem::new(Detail::NoQueue));
    }
    let claims = pass.claims(&app, user.id, &id).await?;
    entries::leave(&app, user.id, &id, claims.number).await?;
    Ok(NoContent)
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
