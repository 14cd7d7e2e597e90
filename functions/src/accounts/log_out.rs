//! DELETE /sessions

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{NoContent, Problem, User};
use onsale_platform::store::accounts::sessions;

/// Ends the caller's session: its refresh tokens are worth nothing from now on.
#[utoipa::path(delete, path = "/sessions", extensions(("x-access" = json!("user"))),
    responses((status = 204, description = "it has ended, now or before; its access token ends within 15 minutes")))]
pub async fn log_out(State(app): State<App>, user: User) -> Result<NoContent, Problem> {
    sessions::end(&app, user.id, user.session).await?;
    Ok(NoContent)
}
