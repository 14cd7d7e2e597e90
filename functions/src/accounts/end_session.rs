//! DELETE /users/me/sessions/{session_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{NoContent, PathParams, Problem, User};
use onsale_platform::store::accounts::sessions;
use uuid::Uuid;

/// Ends one of the caller's log-ins: its refresh token stops working.
#[utoipa::path(delete, path = "/users/me/sessions/{session_id}", params(("session_id" = Uuid, Path)),
    extensions(("x-access" = json!("user"))),
    responses((status = 204, description = "Ended (or already over); its access token expires within 15 minutes")))]
pub async fn end_session(
    State(app): State<App>,
    user: User,
    PathParams(session): PathParams<Uuid>,
) -> Result<NoContent, Problem> {
    sessions::end(&app, user.id, session).await?;
    Ok(NoContent::new())
}
