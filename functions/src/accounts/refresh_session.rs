//! POST /sessions/refresh

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::auth::access_token;
use onsale_platform::auth::refresh_token::RefreshToken;
use onsale_platform::http::{Answer, Detail, Json, Problem};
use onsale_platform::store::accounts::{sessions, users};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::response::SessionOut;

/// The session's refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "refresh_token": "rt1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
}))]
pub struct RefreshSessionIn {
    /// The refresh token that the session received last.
    refresh_token: String,
}

/// Exchanges a refresh token, which works once, for a new pair of tokens.
#[utoipa::path(post, path = "/sessions/refresh", request_body = RefreshSessionIn,
    extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = SessionOut, description = "The session's new tokens"),
        (status = 401, description = "session-ended"),
    ))]
pub async fn refresh_session(
    State(app): State<App>,
    Json(request): Json<RefreshSessionIn>,
) -> Result<Answer<SessionOut>, Problem> {
    let ended = || Problem::new(Detail::SessionEnded);
    let token = RefreshToken::parse(&request.refresh_token).ok_or_else(ended)?;
    // The role of now, not of the log-in.
    let account = users::get(&app, token.user).await?.ok_or_else(ended)?;
    let access_token = access_token::sign(&app, token.user, account.role, token.family).await?;
    // Last: what can fail must not use the token up.
    let next = sessions::refresh(&app, &token).await?.ok_or_else(ended)?;
    Ok(Answer::ok(SessionOut::new(access_token, &next)))
}
