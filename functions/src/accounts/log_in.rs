//! POST /sessions

use axum::extract::State;
use onsale_domain::accounts::account::{Email, Password};
use onsale_platform::app::App;
use onsale_platform::auth::{access_token, passwords};
use onsale_platform::http::{Answer, Detail, Json, Problem, PublicUrl, SourceAddress, invalid};
use onsale_platform::store::accounts::login_throttle::AttemptFailure;
use onsale_platform::store::accounts::login_throttle::{self, ThrottleKey};
use onsale_platform::store::accounts::sessions;
use onsale_platform::store::accounts::users::{self, Account};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::response::SessionOut;

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
    Json(request): Json<LogInIn>,
) -> Result<Answer<SessionOut>, Problem> {
    let email = Email::parse(&request.email).map_err(invalid("email"))?;
    let config = app.config();
    let (from_source, source_limit) =
        (ThrottleKey::log_in_source(&source.0), config.source_attempts(config.source_free_attempts));
    login_throttle::check_source(&app, &from_source, &source_limit).await?;
    let from_known = ThrottleKey::account_from(&email, &source.0);
    let known = login_throttle::is_known(&app, &from_known).await?;
    let account_bucket = if known { from_known.clone() } else { ThrottleKey::account(&email) };
    login_throttle::count_attempt(&app, &account_bucket, &config.attempts(config.account_free_attempts)).await?;
    let Some((account, password)) = authenticate(&app, &email, &request.password).await? else {
        login_throttle::count_failure(&app, &from_source, &source_limit).await?;
        return Err(Problem::new(Detail::BadCredentials));
    };
    if passwords::is_outdated(&account.password_hash) {
        let hash = passwords::hash(&app, password).await?;
        users::rehash(&app, &account, &hash).await?;
    }
    login_throttle::forget(&app, &account_bucket).await?;
    login_throttle::remember_address(&app, &from_known).await?;
    let session = sessions::begin(&app, account.id).await?;
    let access_token = access_token::sign(&app, account.id, session.family).await?;
    Ok(SessionOut::answer(access_token, &session, request.cookie.then_some(&url)))
}

/// The account that has this address and this password. A password that nobody can have costs no hash: its length,
/// which the caller knows, is all its time tells.
async fn authenticate(app: &App, email: &Email, password: &str) -> Result<Option<(Account, Password)>, Problem> {
    let Ok(password) = Password::parse(password) else { return Ok(None) };
    let account = users::find(app, email).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let right = passwords::verify(password.clone(), hash).await?;
    Ok(account.filter(|_| right).map(|account| (account, password)))
}
