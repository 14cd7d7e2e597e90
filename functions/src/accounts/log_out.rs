//! DELETE /sessions

use axum::extract::State;
use axum::http::{HeaderMap, header};
use onsale_platform::app::App;
use onsale_platform::http::{NoContent, Problem, PublicUrl, User};
use onsale_platform::store::accounts::sessions;

/// Logs out: ends the caller's session, so that its refresh tokens stop working.
#[utoipa::path(delete, path = "/sessions", extensions(("x-access" = json!("user"))),
    responses(
        (status = 204, description = "Logged out (or already logged out); the access token expires within 15 minutes"),
    ))]
pub async fn log_out(
    State(app): State<App>,
    user: User,
    url: PublicUrl,
    headers: HeaderMap,
) -> Result<NoContent, Problem> {
    sessions::end(&app, user.id, user.session).await?;
    let cookie = headers.contains_key(header::COOKIE).then(|| url.forgotten_cookie()).flatten();
    Ok(NoContent::with_cookie(cookie))
}
