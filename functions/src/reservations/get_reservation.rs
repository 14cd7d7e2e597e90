//! GET /reservations/{reservation_id}

use axum::extract::State;
use onsale_domain::id::ReservationId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, PathId, Problem, User};
use onsale_platform::store::reservations;

use crate::reservations::response::ReservationOut;

/// Returns one of the caller's reservations, in any state.
#[utoipa::path(get, path = "/reservations/{reservation_id}", params(("reservation_id" = Uuid, Path)),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = ReservationOut, description = "The reservation"),
        (status = 404, description = "not-found"),
    ))]
pub async fn get_reservation(
    State(app): State<App>,
    user: User,
    PathId(id): PathId<ReservationId>,
) -> Result<Answer<ReservationOut>, Problem> {
    let reservation = reservations::get(&app, user.id, id).await?;
    let reservation = reservation.ok_or_else(|| Problem::new(Detail::NoReservation))?;
    Ok(Answer::ok(ReservationOut::new(&reservation, app.currency(), app.now())))
}
