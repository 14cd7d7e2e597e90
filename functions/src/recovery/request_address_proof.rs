//! POST /users/me/address-proof

use axum::extract::State;
use onsale_domain::accounts::account::Email;
use onsale_domain::accounts::link::Purpose;
use onsale_platform::app::App;
use onsale_platform::http::{Accepted, Detail, Problem, User, invalid};
use onsale_platform::store::accounts::{links, users};

/// Mails the caller a link that proves the address of the account. An address gets at most three links an hour.
#[utoipa::path(post, path = "/users/me/address-proof", extensions(("x-access" = json!("user"))),
    responses(
        (status = 202, description = "A mail is on its way, unless the address is proven or had three links this hour"),
        (status = 409, description = "mail-off"),
    ))]
pub async fn request_address_proof(State(app): State<App>, user: User) -> Result<Accepted, Problem> {
    if app.config().mail.is_none() {
        return Err(Problem::new(Detail::MailOff));
    }
    let account = users::get(&app, user.id).await?.ok_or_else(|| Problem::new(Detail::NoAccount))?;
    if account.proven_at.is_none() {
        let email = Email::parse(&account.email).map_err(invalid("email"))?;
        links::request(&app, Purpose::ProveAddress, &email, Some(account.id), &account.language).await?;
    }
    Ok(Accepted)
}
