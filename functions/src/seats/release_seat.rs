//! DELETE /schedules/{schedule_id}/seats/{seat_id}/hold

use axum::extract::State;
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::http::{Detail, NoContent, Params, Problem, ProblemOut, User, invalid};
use onsale_platform::store::reservations;
use onsale_platform::store::reservations::cancel::{self, CancelError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// Unlocks one seat.
#[utoipa::path(delete, path = "/schedules/{schedule_id}/seats/{seat_id}/hold", operation_id = "release_seat",
    params(("schedule_id" = Uuid, Path), ("seat_id" = String, Path)),
    security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 204, description = "the seat is free"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-held-by-you"),
    ))]
async fn handle(
    State(app): State<App>,
    user: User,
    Params((schedule, seat)): Params<(Uuid, String)>,
) -> Result<NoContent, Problem> {
    let not_held = || Problem::new(Detail::NotHeldByYou);
    let seat = SeatId::parse(&seat).map_err(invalid("seat_id"))?;
    let reservation = reservations::holding(&app, user.id, schedule, &seat).await?.ok_or_else(not_held)?;
    match cancel::cancel(&app, user.id, reservation.id, Some(&seat)).await {
        Ok(_) => Ok(NoContent),
        // Paid between our two looks: it is owned, no longer held.
        Err(CancelError::NotFound | CancelError::AlreadyPaid(_)) => Err(not_held()),
        Err(CancelError::Failure(failure)) => Err(failure.into()),
    }
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
