//! DELETE /users/{user_id}/roles/organiser

use axum::extract::State;
use onsale_domain::accounts::role::Grant;
use onsale_domain::id::UserId;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, NoContent, PathId, Problem};
use onsale_platform::store::accounts::grants;

/// Takes the role of an organiser from a user, effective at once; their concerts stay.
#[utoipa::path(delete, path = "/users/{user_id}/roles/organiser", params(("user_id" = Uuid, Path)),
    extensions(("x-access" = json!("admin"))),
    responses((status = 204, description = "The user is no organiser")))]
pub async fn revoke_organiser(
    State(app): State<App>,
    admin: Admin,
    PathId(user): PathId<UserId>,
) -> Result<NoContent, Problem> {
    let action = admin.action("revoke_organiser", user).with_change("role", "organiser");
    grants::revoke(&app, user, Grant::Organiser, &action).await?;
    Ok(NoContent::new())
}
