//! DELETE /users/me

use axum::extract::State;
use axum::http::{HeaderMap, header};
use onsale_domain::accounts::account::Email;
use onsale_platform::app::App;
use onsale_platform::auth::authentication::authenticate;
use onsale_platform::http::{Detail, Json, NoContent, Problem, PublicUrl, SourceAddress, User, invalid};
use onsale_platform::store::accounts::erase::{self, EraseFailure};
use onsale_platform::store::accounts::login_throttle::AttemptFailure;
use onsale_platform::store::accounts::users;
use serde::Deserialize;
use utoipa::ToSchema;

/// The password, so that nobody else erases an account that was left open.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "password": "my-present-password-1" }))]
pub struct EraseMeIn {
    /// Present password of the account.
    password: String,
}

/// Erases the caller's account for good: name and address are forgotten, all log-ins end, and the address may sign up
/// anew. Purchases and payments stay, without a name.
#[utoipa::path(delete, path = "/users/me", request_body = EraseMeIn, extensions(("x-access" = json!("user"))),
    responses(
        (status = 204, description = "The account is erased (or was already); its access tokens buy and hold nothing, and expire within 15 minutes"),
        EraseFailure,
        AttemptFailure,
    ))]
pub async fn erase_me(
    State(app): State<App>,
    user: User,
    source: SourceAddress,
    url: PublicUrl,
    headers: HeaderMap,
    Json(request): Json<EraseMeIn>,
) -> Result<NoContent, Problem> {
    let gone = || async {
        erase::forget_sessions(&app, user.id).await;
        let cookie = headers.contains_key(header::COOKIE).then(|| url.forgotten_cookie()).flatten();
        NoContent::with_cookie(cookie)
    };
    let refused = match users::get(&app, user.id).await? {
        Some(account) => {
            let email = Email::parse(&account.email).map_err(invalid("email"))?;
            match authenticate(&app, &email, &request.password, &source.0).await? {
                // The address may lead to another account by now, if `CanonicalMail` was switched.
                Some(account) if account.id == user.id => {
                    erase::erase(&app, &account).await?;
                    return Ok(gone().await);
                }
                Some(_) | None => Detail::BadCredentials,
            }
        }
        None => Detail::NoAccount,
    };
    // The same request before this one, or at the same moment: there is no password any more that could be right.
    if erase::is_erased(&app, user.id).await? { Ok(gone().await) } else { Err(Problem::new(refused)) }
}
