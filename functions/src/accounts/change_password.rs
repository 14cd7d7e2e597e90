//! PUT /users/me/password

use axum::extract::State;
use onsale_domain::accounts::account::{Email, Password};
use onsale_domain::accounts::guessable::OwnWords;
use onsale_platform::app::App;
use onsale_platform::auth::authentication::authenticate;
use onsale_platform::auth::passwords;
use onsale_platform::http::{Detail, Expected, Json, NoContent, Problem, SourceAddress, User, invalid};
use onsale_platform::store::accounts::login_throttle::AttemptFailure;
use onsale_platform::store::accounts::users;
use serde::Deserialize;
use utoipa::ToSchema;

/// The present password and the next.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "password": "my-present-password-1", "new_password": "battery-staple-9" }))]
pub struct ChangePasswordIn {
    /// Present password of the account.
    password: String,
    /// New password of 8 to 128 characters other than NUL; not easily guessed, and without your name or address.
    #[schema(min_length = 8, max_length = 128)]
    new_password: String,
}

/// Changes the caller's password, and ends all their other log-ins.
#[utoipa::path(put, path = "/users/me/password", request_body = ChangePasswordIn,
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 204, description = "The password is changed, and this log-in is the only one"),
        (status = 401, description = "bad-credentials"),
        AttemptFailure,
    ))]
pub async fn change_password(
    State(app): State<App>,
    user: User,
    source: SourceAddress,
    Json(request): Json<ChangePasswordIn>,
) -> Result<NoContent, Problem> {
    let password = Password::parse(&request.new_password).map_err(invalid("new_password"))?;
    let account = users::get(&app, user.id).await?.ok_or_else(|| Problem::new(Detail::NoAccount))?;
    let email = Email::parse(&account.email).map_err(invalid("email"))?;
    if passwords::is_easily_guessed(password.clone(), OwnWords::new(&email, &account.name)).await? {
        return Err(invalid("new_password")(Expected::PasswordGuessed));
    }
    let wrong = || Problem::new(Detail::BadCredentials);
    let account = authenticate(&app, &email, &request.password, &source.0).await?.ok_or_else(wrong)?;
    let hash = passwords::hash(&app, password).await?;
    // If another password was set meanwhile, the present one is not right any more.
    if !users::change_password(&app, &account, &hash, Some(user.session)).await? {
        return Err(wrong());
    }
    Ok(NoContent::new())
}
