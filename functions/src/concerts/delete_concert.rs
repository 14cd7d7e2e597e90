//! DELETE /concerts/{concert_id}

use axum::extract::State;
use onsale_domain::id::ConcertId;
use onsale_platform::app::App;
use onsale_platform::http::{Deleted, Detail, Organiser, PathId, Problem};
use onsale_platform::store::concerts::delete_concert;
use onsale_platform::store::concerts::delete_schedule::{Budget, DeleteOutcome};

/// Most calls of the table that one request makes side by side, in some 15 of its 29 seconds; the rest is for undoing.
const CALLS_MAX: usize = 30_000;

/// Deletes a concert with its dates and seats, unless any of its seats is held or sold.
#[utoipa::path(delete, path = "/concerts/{concert_id}", params(("concert_id" = Uuid, Path)),
    extensions(("x-access" = json!("organiser"))),
    responses(Deleted, (status = 409, description = "has-live-reservations")))]
pub async fn delete_concert(
    State(app): State<App>,
    organiser: Organiser,
    PathId(id): PathId<ConcertId>,
) -> Result<Deleted, Problem> {
    organiser.check_owns(&app, id).await?;
    let action = organiser.action("delete_concert", id);
    match delete_concert::delete_concert(&app, id, action, &mut Budget::new(CALLS_MAX)).await? {
        DeleteOutcome::Committed => Ok(Deleted::Done),
        DeleteOutcome::Accepted => Ok(Deleted::Accepted),
        DeleteOutcome::LiveReservations => Err(Problem::new(Detail::HasLiveReservations)),
    }
}
