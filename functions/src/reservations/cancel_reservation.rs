//! DELETE /reservations/{reservation_id}

use axum::extract::State;
use onsale_domain::id::ReservationId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PathId, Problem, User};
use onsale_platform::store::purchases::cancel_failure::CancelFailure;
use onsale_platform::store::reservations::cancel;

use crate::reservations::response::ReservationOut;

/// Cancels a held reservation: releases all its seats.
#[utoipa::path(delete, path = "/reservations/{reservation_id}", params(("reservation_id" = Uuid, Path)),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = ReservationOut, description = "The cancelled reservation (or one that had already ended)"),
        CancelFailure,
    ))]
pub async fn cancel_reservation(
    State(app): State<App>,
    user: User,
    PathId(id): PathId<ReservationId>,
) -> Result<Answer<ReservationOut>, Problem> {
    let reservation = cancel::cancel(&app, user.id, id, None).await?;
    Ok(Answer::ok(ReservationOut::new(&reservation, app.currency(), app.now())))
}
