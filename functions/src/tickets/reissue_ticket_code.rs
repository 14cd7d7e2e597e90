//! POST /reservations/{reservation_id}/tickets/{ticket_id}/code

use axum::extract::State;
use onsale_domain::id::ReservationId;
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PathParams, Problem, RequiredKey, User, invalid};
use onsale_platform::store::tickets::reissue::{self, ReissueFailure};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A ticket with a new code.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "ticket_id": "A-1-12", "generation": 2 }))]
pub struct ReissuedOut {
    /// Id of the ticket, such as `A-1-12`.
    ticket_id: String,
    /// Generation of the new code. Codes of earlier generations are dead.
    generation: u16,
}

/// Gives a ticket a new code, and ends the codes that it had.
///
/// `GET` of the same path returns the new code.
#[utoipa::path(post, path = "/reservations/{reservation_id}/tickets/{ticket_id}/code",
    params(("reservation_id" = Uuid, Path), ("ticket_id" = String, Path), RequiredKey),
    extensions(("x-access" = json!("user"))),
    responses((status = 201, body = ReissuedOut, description = "The ticket has a new code"), ReissueFailure))]
pub async fn reissue_ticket_code(
    State(app): State<App>,
    user: User,
    key: RequiredKey,
    PathParams((id, ticket)): PathParams<(Uuid, String)>,
) -> Result<Answer<ReissuedOut>, Problem> {
    let (id, seat) = (ReservationId(id), SeatId::parse(&ticket).map_err(invalid("ticket_id"))?);
    let request = key.id(user.id, "reissue_ticket_code");
    let reissued = reissue::reissue(&app, user.id, request, id, &seat).await?;
    Ok(reissued.map(|generation| ReissuedOut { ticket_id: seat.to_string(), generation: generation.get() }).into())
}
