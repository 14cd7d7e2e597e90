//! GET /users/me

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Problem, ProblemOut, User};
use onsale_platform::store::accounts::users;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::response::UserOut;

/// Who the caller is.
#[utoipa::path(get, path = "/users/me", operation_id = "get_me", security(("bearer" = [])),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = UserOut),
        (status = 401, body = ProblemOut, description = "unauthorized"),
    ))]
async fn handle(State(app): State<App>, user: User) -> Result<Answer<UserOut>, Problem> {
    let account = users::get(&app, user.id).await?;
    let account = account.ok_or_else(|| Problem::new(Detail::NoAccount))?;
    Ok(Answer::ok(account.into()))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
