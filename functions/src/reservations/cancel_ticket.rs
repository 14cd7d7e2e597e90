//! DELETE /reservations/{reservation_id}/tickets/{ticket_id}

use axum::extract::State;
use onsale_domain::id::ReservationId;
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PathParams, Problem, User, invalid};
use onsale_platform::store::payments::refund;
use onsale_platform::store::payments::refund::RefundFailure;
use onsale_platform::store::purchases::cancel_failure::CancelFailure;
use onsale_platform::store::reservations::cancel;
use uuid::Uuid;

use crate::reservations::response::ReservationOut;

/// Cancels one ticket: releases its seat, and refunds its price if it was paid.
#[utoipa::path(delete, path = "/reservations/{reservation_id}/tickets/{ticket_id}",
    params(("reservation_id" = Uuid, Path), ("ticket_id" = String, Path)), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = ReservationOut, description = "The reservation, cancelled once no ticket is left"),
        RefundFailure,
    ))]
pub async fn cancel_ticket(
    State(app): State<App>,
    user: User,
    PathParams((id, ticket)): PathParams<(Uuid, String)>,
) -> Result<Answer<ReservationOut>, Problem> {
    let (id, seat) = (ReservationId(id), SeatId::parse(&ticket).map_err(invalid("ticket_id"))?);
    let reservation = match cancel::cancel(&app, user.id, id, Some(&seat)).await {
        Err(CancelFailure::AlreadyPaid(_)) => refund::ticket(&app, user.id, id, &seat).await?,
        released => released?,
    };
    Ok(Answer::ok(ReservationOut::new(&reservation, app.currency(), app.now())))
}
