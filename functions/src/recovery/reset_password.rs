//! POST /password-resets/confirmation

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::accounts::account::Password;
use onsale_domain::accounts::guessable::OwnWords;
use onsale_domain::accounts::link::Purpose;
use onsale_platform::app::App;
use onsale_platform::auth::{access_token, authentication, mailed_link, passwords};
use onsale_platform::http::{Answer, Detail, Expected, Json, Problem, PublicUrl, SourceAddress, invalid};
use onsale_platform::store::accounts::{links, sessions, users};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::response::{SessionOut, device};

/// The secret of a link, and a new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "token": "ml1.AAAA", "password": "battery-staple-9" }))]
pub struct ResetPasswordIn {
    /// Secret of the link: what follows the `#` in it.
    token: String,
    /// New password of 8 to 128 characters other than NUL; not easily guessed, and without your name or address.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
    /// `true` for a page in a browser: a cookie that no script can read keeps the refresh token.
    #[serde(default)]
    cookie: bool,
}

/// Sets a new password by the link that was mailed for it, which works once, within 30 minutes. All log-ins end, and
/// the caller is logged in.
#[utoipa::path(post, path = "/password-resets/confirmation", request_body = ResetPasswordIn,
    extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = SessionOut, description = "The tokens of a new session"),
        (status = 409, description = "link-ended"),
    ))]
pub async fn reset_password(
    State(app): State<App>,
    source: SourceAddress,
    url: PublicUrl,
    headers: HeaderMap,
    Json(request): Json<ResetPasswordIn>,
) -> Result<Answer<SessionOut>, Problem> {
    let password = Password::parse(&request.password).map_err(invalid("password"))?;
    let ended = || Problem::new(Detail::LinkEnded);
    let id = mailed_link::verify(&app, Purpose::ResetPassword, &request.token).await?.ok_or_else(ended)?;
    let link = links::get(&app, id).await?.filter(|link| link.is_good(app.now())).ok_or_else(ended)?;
    let account = users::find(&app, &link.email).await?.ok_or_else(ended)?;
    if passwords::is_easily_guessed(password.clone(), OwnWords::new(&link.email, &account.name)).await? {
        return Err(invalid("password")(Expected::PasswordGuessed));
    }
    let hash = passwords::hash(&app, password).await?;
    if !users::reset_password(&app, &account, &hash, id).await? {
        return Err(ended());
    }
    // Whoever reads the mails of the account is its owner: guesses of others keep nobody out any more.
    authentication::forgive(&app, &link.email, &source.0).await?;
    let session = sessions::begin(&app, account.id, account.sessions_epoch + 1, device(&source, &headers)).await?;
    let access_token = access_token::sign(&app, account.id, session.family).await?;
    Ok(SessionOut::answer(access_token, &session, request.cookie.then_some(&url)))
}
