//! DELETE /sessions

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{NoContent, Problem, User};
use onsale_platform::store::accounts::sessions;

/// Logs out: ends the caller's session, so that its refresh tokens stop working.
#[utoipa::path(delete, path = "/sessions", extensions(("x-access" = json!("user"))),
    responses(
        (status = 204, description = "Logged out (or already logged out); the access token expires within 15 minutes"),
    ))]
pub async fn log_out(State(app): State<App>, user: User) -> Result<NoContent, Problem> {
    sessions::end(&app, user.id, user.session).await?;
    Ok(NoContent)
}
