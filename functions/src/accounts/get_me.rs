//! GET /users/me

use axum::extract::State;
use futures_util::future::try_join;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Problem, User};
use onsale_platform::store::accounts::{grants, users};

use crate::accounts::response::UserOut;

/// Returns the caller's account with its roles.
#[utoipa::path(get, path = "/users/me", extensions(("x-access" = json!("user"))),
    responses((status = 200, body = UserOut, description = "The caller's account")))]
pub async fn get_me(State(app): State<App>, user: User) -> Result<Answer<UserOut>, Problem> {
    let (account, roles) = try_join(users::get(&app, user.id), grants::of_user(&app, user.id)).await?;
    let account = account.ok_or_else(|| Problem::new(Detail::NoAccount))?;
    Ok(Answer::ok(UserOut::new(account, roles)))
}
