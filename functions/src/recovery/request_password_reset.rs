//! POST /password-resets

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::accounts::account::Email;
use onsale_domain::accounts::link::Purpose;
use onsale_platform::app::App;
use onsale_platform::http::{Accepted, Detail, Json, Language, Problem, SourceAddress, invalid};
use onsale_platform::store::accounts::links;
use onsale_platform::store::accounts::login_throttle::{self, AttemptFailure, ThrottleKey};
use serde::Deserialize;
use utoipa::ToSchema;

/// The address of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "mina@onsale.local" }))]
pub struct RequestPasswordResetIn {
    /// E-mail address of the account.
    #[schema(max_length = 254)]
    email: String,
}

/// Mails a link by which a new password is set. The answer does not tell whether there is an account, and takes the
/// same work.
#[utoipa::path(post, path = "/password-resets", request_body = RequestPasswordResetIn,
    extensions(("x-access" = json!("public"))),
    responses(
        (status = 202, description = "A mail is on its way if there is an account, at most three an hour"),
        (status = 409, description = "mail-off"),
        AttemptFailure,
    ))]
pub async fn request_password_reset(
    State(app): State<App>,
    source: SourceAddress,
    headers: HeaderMap,
    Json(request): Json<RequestPasswordResetIn>,
) -> Result<Accepted, Problem> {
    let email = Email::parse(&request.email).map_err(invalid("email"))?;
    if app.config().mail.is_none() {
        return Err(Problem::new(Detail::MailOff));
    }
    let source = ThrottleKey::link_source(&source.0);
    let limit = app.config().source_attempts(app.config().link_free_attempts);
    login_throttle::check_source(&app, &source, &limit).await?;
    login_throttle::count_failure(&app, &source, &limit).await?;
    let language = Language::from_headers(&headers).tag();
    links::request(&app, Purpose::ResetPassword, &email, None, language).await?;
    Ok(Accepted)
}
