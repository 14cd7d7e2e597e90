//! PUT /concerts/{concert_id}/stewards/{user_id}

use axum::extract::State;
use onsale_domain::accounts::role::Grant;
use onsale_domain::id::{ConcertId, UserId};
use onsale_platform::app::App;
use onsale_platform::http::{Detail, NoContent, Organiser, PathParams, Problem};
use onsale_platform::store::accounts::{grants, users};
use onsale_platform::store::concerts;
use uuid::Uuid;

/// Lets a user work at the door of a concert, effective at once.
#[utoipa::path(put, path = "/concerts/{concert_id}/stewards/{user_id}",
    params(("concert_id" = Uuid, Path), ("user_id" = Uuid, Path)), extensions(("x-access" = json!("organiser"))),
    responses(
        (status = 204, description = "The user is a steward of the concert"),
        (status = 404, description = "not-found"),
    ))]
pub async fn grant_steward(
    State(app): State<App>,
    organiser: Organiser,
    PathParams((concert, user)): PathParams<(Uuid, Uuid)>,
) -> Result<NoContent, Problem> {
    let (concert, user) = (ConcertId(concert), UserId(user));
    organiser.check_owns(&app, concert).await?;
    if concerts::get(&app, concert).await?.is_none() {
        return Err(Problem::new(Detail::NoConcert));
    }
    if users::get(&app, user).await?.is_none() {
        return Err(Problem::new(Detail::NoUser));
    }
    let action = organiser.action("grant_steward", user).with_change("concert_id", concert);
    grants::grant(&app, user, Grant::Steward(concert), &action).await?;
    Ok(NoContent::new())
}
