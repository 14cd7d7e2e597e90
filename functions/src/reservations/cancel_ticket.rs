//! DELETE /reservations/{reservation_id}/tickets/{ticket_id}

use axum::extract::State;
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Params, Problem, ProblemOut, User, invalid};
use onsale_platform::store::payments::refund;
use onsale_platform::store::reservations::cancel::{self, CancelError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::reservations::response::ReservationOut;

/// Gives one seat back, and with a paid one its price.
#[utoipa::path(delete, path = "/reservations/{reservation_id}/tickets/{ticket_id}", operation_id = "cancel_ticket",
    params(("reservation_id" = Uuid, Path), ("ticket_id" = String, Path)),
    security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = ReservationOut, description = "the group without it; without any ticket, cancelled"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
        (status = 409, body = ProblemOut, description = "concert-started"),
    ))]
async fn handle(
    State(app): State<App>,
    user: User,
    Params((id, ticket)): Params<(Uuid, String)>,
) -> Result<Answer<ReservationOut>, Problem> {
    let seat = SeatId::parse(&ticket).map_err(invalid("ticket_id"))?;
    let reservation = match cancel::cancel(&app, user.id, id, Some(&seat)).await {
        Err(CancelError::AlreadyPaid(_)) => refund::ticket(&app, user.id, id, &seat).await?,
        released => released?,
    };
    Ok(Answer::ok(ReservationOut::new(&reservation, app.now())))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
