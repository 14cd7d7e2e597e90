//! POST /sessions/refresh

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_platform::app::App;
use onsale_platform::auth::access_token;
use onsale_platform::auth::refresh_token::RefreshToken;
use onsale_platform::http::{Answer, Detail, Expected, Json, Problem, PublicUrl, invalid};
use onsale_platform::store::accounts::{sessions, users};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::response::SessionOut;

/// The session's refresh token, or where it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "refresh_token": "rt1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
}))]
pub struct RefreshSessionIn {
    /// The refresh token that the session received last; required unless `cookie` is true.
    refresh_token: Option<String>,
    /// `true` for a page in a browser, whose cookie has the token. Its `Origin` must be the address of the page.
    #[serde(default)]
    cookie: bool,
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
    url: PublicUrl,
    headers: HeaderMap,
    Json(request): Json<RefreshSessionIn>,
) -> Result<Answer<SessionOut>, Problem> {
    let ended = || Problem::new(Detail::SessionEnded);
    let token = match (request.refresh_token, request.cookie) {
        (Some(text), false) => RefreshToken::parse(&text),
        (None, true) => url.refresh_token(&headers)?,
        (Some(_), true) | (None, false) => return Err(invalid("refresh_token")(Expected::TokenOrCookie)),
    };
    let token = token.ok_or_else(ended)?;
    let account = users::get(&app, token.user).await?.ok_or_else(ended)?;
    let access_token = access_token::sign(&app, token.user, token.family).await?;
    // Last: what can fail must not use the token up.
    let next = sessions::refresh(&app, &token, account.sessions_epoch).await?.ok_or_else(ended)?;
    Ok(SessionOut::answer(access_token, &next, request.cookie.then_some(&url)))
}
