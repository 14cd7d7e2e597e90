//! DELETE /sessions

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{NoContent, Problem, User};
use onsale_platform::store::accounts::sessions;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Ends the caller's session: its refresh tokens are worth nothing from now on.
#[utoipa::path(delete, path = "/sessions", operation_id = "log_out", security(("bearer" = [])),
    extensions(("x-access" = json!("user"))),
    responses((status = 204, description = "it has ended, now or before; its access token ends within 15 minutes")))]
async fn handle(State(app): State<App>, user: User) -> Result<NoContent, Problem> {
    sessions::end(&app, user.id, user.session).await?;
    Ok(NoContent)
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
