//! DELETE /concerts/{concert_id}/stewards/{user_id}

use axum::extract::State;
use onsale_domain::accounts::role::Grant;
use onsale_domain::id::{ConcertId, UserId};
use onsale_platform::app::App;
use onsale_platform::http::{NoContent, Organiser, PathParams, Problem};
use onsale_platform::store::accounts::grants;
use uuid::Uuid;

/// Takes the role of a steward of a concert from a user, effective at once.
#[utoipa::path(delete, path = "/concerts/{concert_id}/stewards/{user_id}",
    params(("concert_id" = Uuid, Path), ("user_id" = Uuid, Path)), extensions(("x-access" = json!("organiser"))),
    responses((status = 204, description = "The user is no steward of the concert")))]
pub async fn revoke_steward(
    State(app): State<App>,
    organiser: Organiser,
    PathParams((concert, user)): PathParams<(Uuid, Uuid)>,
) -> Result<NoContent, Problem> {
    let (concert, user) = (ConcertId(concert), UserId(user));
    organiser.check_owns(&app, concert).await?;
    let action = organiser.action("revoke_steward", user).with_change("concert_id", concert);
    grants::revoke(&app, user, Grant::Steward(concert), &action).await?;
    Ok(NoContent::new())
}
