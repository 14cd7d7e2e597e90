//! GET /reservations/{reservation_id}/tickets/{ticket_id}

use axum::extract::State;
use onsale_domain::id::ReservationId;
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, PathParams, Problem, User, invalid};
use onsale_platform::store::reservations;
use uuid::Uuid;

use crate::reservations::response::TicketOut;

/// Returns one ticket of a reservation.
#[utoipa::path(get, path = "/reservations/{reservation_id}/tickets/{ticket_id}",
    params(("reservation_id" = Uuid, Path), ("ticket_id" = String, Path)), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = TicketOut, description = "The ticket"), (status = 404, description = "not-found")))]
pub async fn get_ticket(
    State(app): State<App>,
    user: User,
    PathParams((id, ticket)): PathParams<(Uuid, String)>,
) -> Result<Answer<TicketOut>, Problem> {
    let not_found = || Problem::new(Detail::NoTicket);
    let (id, seat) = (ReservationId(id), SeatId::parse(&ticket).map_err(invalid("ticket_id"))?);
    let reservation = reservations::get(&app, user.id, id).await?.ok_or_else(not_found)?;
    let ticket = reservation.tickets.iter().find(|ticket| ticket.seat == seat).ok_or_else(not_found)?;
    Ok(Answer::ok(TicketOut::new(ticket, reservation.purchase.state_at(app.now()))))
}
