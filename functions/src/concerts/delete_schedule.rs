//! DELETE /concerts/{concert_id}/schedules/{schedule_id}

use axum::extract::State;
use onsale_domain::id::{ConcertId, ScheduleId};
use onsale_platform::app::App;
use onsale_platform::http::{Deleted, Detail, Organiser, PathParams, Problem};
use onsale_platform::store::concerts::delete_schedule::{self, Budget, DeleteOutcome};
use uuid::Uuid;

/// Most calls of the table that one request makes side by side, in some 15 of its 29 seconds; the rest is for undoing.
const CALLS_MAX: usize = 30_000;

/// Deletes a date with its seats, unless any of them is held or sold.
#[utoipa::path(delete, path = "/concerts/{concert_id}/schedules/{schedule_id}",
    params(("concert_id" = Uuid, Path), ("schedule_id" = Uuid, Path)), extensions(("x-access" = json!("organiser"))),
    responses(Deleted, (status = 409, description = "has-live-reservations")))]
pub async fn delete_schedule(
    State(app): State<App>,
    organiser: Organiser,
    PathParams((concert, schedule)): PathParams<(Uuid, Uuid)>,
) -> Result<Deleted, Problem> {
    let (concert, schedule) = (ConcertId(concert), ScheduleId(schedule));
    organiser.check_owns(&app, concert).await?;
    let action = organiser.action("delete_schedule", schedule).with_change("concert_id", concert);
    match delete_schedule::delete_schedule(&app, concert, schedule, action, &mut Budget::new(CALLS_MAX)).await? {
        DeleteOutcome::Committed => Ok(Deleted::Done),
        DeleteOutcome::Accepted => Ok(Deleted::Accepted),
        DeleteOutcome::LiveReservations => Err(Problem::new(Detail::HasLiveReservations)),
    }
}
