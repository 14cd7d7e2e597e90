//! GET /users/me

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Problem, User};
use onsale_platform::store::accounts::users;

use crate::accounts::response::UserOut;

/// Returns the caller's account.
#[utoipa::path(get, path = "/users/me", extensions(("x-access" = json!("user"))),
    responses((status = 200, body = UserOut, description = "The caller's account")))]
pub async fn get_me(State(app): State<App>, user: User) -> Result<Answer<UserOut>, Problem> {
    let account = users::get(&app, user.id).await?;
    let account = account.ok_or_else(|| Problem::new(Detail::NoAccount))?;
    Ok(Answer::ok(account.into()))
}
