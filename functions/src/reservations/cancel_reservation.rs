//! DELETE /reservations/{reservation_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Params, Problem, ProblemOut, User};
use onsale_platform::store::reservations::cancel;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::reservations::response::ReservationOut;

/// Gives all seats of a held reservation back.
#[utoipa::path(delete, path = "/reservations/{reservation_id}", operation_id = "cancel_reservation",
    params(("reservation_id" = Uuid, Path)), security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = ReservationOut, description = "it has ended, now or before"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
        (status = 409, body = ProblemOut, description = "already-paid"),
    ))]
async fn handle(
    State(app): State<App>,
    user: User,
    Params(id): Params<Uuid>,
) -> Result<Answer<ReservationOut>, Problem> {
    let reservation = cancel::cancel(&app, user.id, id, None).await?;
    Ok(Answer::ok(ReservationOut::new(&reservation, app.now())))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
