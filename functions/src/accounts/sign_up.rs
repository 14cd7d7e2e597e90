//! POST /users

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::accounts::account::{self, Email, Password};
use onsale_domain::accounts::guessable::OwnWords;
use onsale_domain::accounts::link::Purpose;
use onsale_domain::id::UserId;
use onsale_platform::app::App;
use onsale_platform::auth::passwords;
use onsale_platform::http::{Answer, Expected, Json, Language, Problem, SourceAddress, invalid};
use onsale_platform::store::accounts::links;
use onsale_platform::store::accounts::login_throttle::AttemptFailure;
use onsale_platform::store::accounts::login_throttle::{self, ThrottleKey};
use onsale_platform::store::accounts::users::SignUpFailure;
use onsale_platform::store::accounts::users::{self, Account};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::response::UserOut;

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "haru@onsale.local", "password": "battery-staple-9", "name": "Haru" }))]
pub struct SignUpIn {
    /// E-mail address: up to 64 ASCII characters, an @ and a domain. Case does not matter.
    #[schema(max_length = 254)]
    email: String,
    /// Password of 8 to 128 characters other than NUL; not easily guessed, and without your name or address.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
    /// Your name: one line of 1 to 60 characters, at least one of them visible.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
}

/// Creates an account.
#[utoipa::path(post, path = "/users", request_body = SignUpIn, extensions(("x-access" = json!("public"))),
    responses((status = 201, body = UserOut, description = "The new account"), SignUpFailure, AttemptFailure))]
pub async fn sign_up(
    State(app): State<App>,
    source: SourceAddress,
    headers: HeaderMap,
    Json(request): Json<SignUpIn>,
) -> Result<Answer<UserOut>, Problem> {
    let email = Email::parse(&request.email).map_err(invalid("email"))?;
    let password = Password::parse(&request.password).map_err(invalid("password"))?;
    let name = account::parse_name(&request.name).map_err(invalid("name"))?;
    // Counted before anything that costs time, whatever becomes of it: what is limited is how many accounts are made.
    let source = ThrottleKey::sign_up_source(&source.0);
    let limit = app.config().source_attempts(app.config().sign_up_free_attempts);
    login_throttle::check_source(&app, &source, &limit).await?;
    login_throttle::count_failure(&app, &source, &limit).await?;
    if passwords::is_easily_guessed(password.clone(), OwnWords::new(&email, &name)).await? {
        return Err(invalid("password")(Expected::PasswordGuessed));
    }
    let now = app.now();
    let account = Account {
        id: UserId(app.ids().uuid(now)),
        email: email.as_str().to_owned(),
        name,
        password_hash: passwords::hash(&app, password).await?,
        created_at: now,
        language: Language::from_headers(&headers).tag().to_owned(),
        proven_at: None,
        sessions_epoch: 0,
    };
    users::sign_up(&app, &account, &email).await?;
    if app.config().mail.is_some()
        && let Err(failure) =
            links::request(&app, Purpose::ProveAddress, &email, Some(account.id), &account.language).await
    {
        // The account is there, and its owner can ask for the link.
        tracing::warn!(user = %account.id, %failure, "no link that proves the address of a new account");
    }
    Ok(Answer::created(UserOut::new(account, Vec::new())))
}
