//! DELETE /users/me/sessions

use axum::extract::State;
use axum::http::{HeaderMap, header};
use onsale_platform::app::App;
use onsale_platform::http::{NoContent, Problem, PublicUrl, User};
use onsale_platform::store::accounts::users;

/// Ends all log-ins of the caller, this one as well: no refresh token works any more.
#[utoipa::path(delete, path = "/users/me/sessions", extensions(("x-access" = json!("user"))),
    responses((status = 204, description = "Logged out everywhere; access tokens expire within 15 minutes")))]
pub async fn end_all_sessions(
    State(app): State<App>,
    user: User,
    url: PublicUrl,
    headers: HeaderMap,
) -> Result<NoContent, Problem> {
    users::end_all_sessions(&app, user.id).await?;
    let cookie = headers.contains_key(header::COOKIE).then(|| url.forgotten_cookie()).flatten();
    Ok(NoContent::with_cookie(cookie))
}
