//! PUT /users/{user_id}/roles/organiser

use axum::extract::State;
use onsale_domain::accounts::role::Grant;
use onsale_domain::id::UserId;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Detail, NoContent, PathId, Problem};
use onsale_platform::store::accounts::{grants, users};

/// Makes a user an organiser, who may create concerts and change those of their own; effective at once.
#[utoipa::path(put, path = "/users/{user_id}/roles/organiser", params(("user_id" = Uuid, Path)),
    extensions(("x-access" = json!("admin"))),
    responses(
        (status = 204, description = "The user is an organiser"),
        (status = 404, description = "not-found"),
    ))]
pub async fn grant_organiser(
    State(app): State<App>,
    admin: Admin,
    PathId(user): PathId<UserId>,
) -> Result<NoContent, Problem> {
    if users::get(&app, user).await?.is_none() {
        return Err(Problem::new(Detail::NoUser));
    }
    let action = admin.action("grant_organiser", user).with_change("role", "organiser");
    grants::grant(&app, user, Grant::Organiser, &action).await?;
    Ok(NoContent::new())
}
