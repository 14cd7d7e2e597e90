//! DELETE /schedules/{schedule_id}/seats/{seat_id}/hold

use axum::extract::State;
use onsale_domain::id::ScheduleId;
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::http::{Detail, NoContent, PathParams, Problem, User, invalid};
use onsale_platform::store::purchases::cancel_failure::CancelFailure;
use onsale_platform::store::reservations;
use onsale_platform::store::reservations::cancel;
use uuid::Uuid;

/// Releases a seat that the caller holds.
#[utoipa::path(delete, path = "/schedules/{schedule_id}/seats/{seat_id}/hold",
    params(("schedule_id" = Uuid, Path), ("seat_id" = String, Path)), extensions(("x-access" = json!("user"))),
    responses(
        (status = 204, description = "The seat is available again"),
        (status = 404, description = "not-held-by-you"),
    ))]
pub async fn release_seat(
    State(app): State<App>,
    user: User,
    PathParams((schedule, seat)): PathParams<(Uuid, String)>,
) -> Result<NoContent, Problem> {
    let not_held = || Problem::new(Detail::NotHeldByYou);
    let (schedule, seat) = (ScheduleId(schedule), SeatId::parse(&seat).map_err(invalid("seat_id"))?);
    let reservation = reservations::find_holding(&app, user.id, schedule, &seat).await?.ok_or_else(not_held)?;
    match cancel::cancel(&app, user.id, reservation.id, Some(&seat)).await {
        Ok(_) => Ok(NoContent::default()),
        Err(CancelFailure::Failure(failure)) => Err(failure.into()),
        // Paid between our two looks: it is owned, no longer held.
        Err(CancelFailure::AlreadyPaid(_) | CancelFailure::NoReservation | CancelFailure::NoOrder) => Err(not_held()),
    }
}
