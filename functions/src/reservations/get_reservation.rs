//! GET /reservations/{reservation_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Params, Problem, ProblemOut, User};
use onsale_platform::store::reservations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::reservations::response::ReservationOut;

/// One of the caller's reservations, in any state.
#[utoipa::path(get, path = "/reservations/{reservation_id}", operation_id = "get_reservation",
    params(("reservation_id" = Uuid, Path)), security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = ReservationOut),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
    ))]
async fn handle(
    State(app): State<App>,
    user: User,
    Params(id): Params<Uuid>,
) -> Result<Answer<ReservationOut>, Problem> {
    let reservation = reservations::get(&app, user.id, id).await?;
    let reservation = reservation.ok_or_else(|| Problem::new(Detail::NoReservation))?;
    Ok(Answer::ok(ReservationOut::new(&reservation, app.now())))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
