//! POST /sessions

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::accounts::account::Email;
use onsale_platform::app::App;
use onsale_platform::auth::access_token;
use onsale_platform::auth::authentication::authenticate;
use onsale_platform::http::{Answer, Detail, Json, Problem, PublicUrl, SourceAddress, invalid};
use onsale_platform::store::accounts::login_throttle::AttemptFailure;
use onsale_platform::store::accounts::sessions;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::response::{SessionOut, device};

/// Credentials.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "mina@onsale.local", "password": "correct-horse-7" }))]
pub struct LogInIn {
    /// E-mail address of the account.
    #[schema(max_length = 254)]
    email: String,
    /// Password of the account.
    password: String,
    /// `true` for a page in a browser: a cookie that no script can read keeps the refresh token.
    #[serde(default)]
    cookie: bool,
}

/// Logs in: exchanges e-mail address and password for an access token and a refresh token.
#[utoipa::path(post, path = "/sessions", request_body = LogInIn, extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = SessionOut, description = "The tokens of a new session"),
        (status = 401, description = "bad-credentials"),
        AttemptFailure,
    ))]
pub async fn log_in(
    State(app): State<App>,
    source: SourceAddress,
    url: PublicUrl,
    headers: HeaderMap,
    Json(request): Json<LogInIn>,
) -> Result<Answer<SessionOut>, Problem> {
    let email = Email::parse(&request.email).map_err(invalid("email"))?;
    let account = authenticate(&app, &email, &request.password, &source.0).await?;
    let account = account.ok_or_else(|| Problem::new(Detail::BadCredentials))?;
    let session = sessions::begin(&app, account.id, account.sessions_epoch, device(&source, &headers)).await?;
    let access_token = access_token::sign(&app, account.id, session.family).await?;
    Ok(SessionOut::answer(access_token, &session, request.cookie.then_some(&url)))
}
