//! GET /reservations/{reservation_id}/tickets/{ticket_id}/code

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::id::ReservationId;
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::auth::ticket_picture;
use onsale_platform::http::{PathParams, Problem, Representation, User, Wanted, invalid};
use onsale_platform::store::tickets::{self, CodeFailure};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The code of a ticket.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "ticket_id": "A-1-12",
    "code": "T1.AQGWXVRlhwqBG6CNCpFzY6j-b_TUKGfTheWuGak4cPr6qAEAAVV8Ocbr1dD6cUxKfZ5JcJX0gZJ9sBSHK2S8uaH_Mnpo5C_kGmGZ9yKk0wfHcpQm1YxXcA8vKdZzN1m3rFQbUws",
    "generation": 1,
    "key": 1,
}))]
pub struct TicketCodeOut {
    /// Id of the ticket, such as `A-1-12`.
    ticket_id: String,
    /// The code: a text of 138 characters, which the picture shows as a QR code.
    code: String,
    /// Generation of the code: 1 at first, one more with each new code.
    generation: u16,
    /// Number of the key that signed it, of those that `GET /ticket-keys` lists.
    key: u8,
}

/// The QR code as a PNG picture.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct PictureOut(pub Vec<u8>);

/// Returns the code of a ticket, as JSON or as a picture.
///
/// `Accept: image/svg+xml` and `Accept: image/png` ask for a QR code. The first to show a code comes in, so keep it as
/// you would keep the ticket.
#[utoipa::path(get, path = "/reservations/{reservation_id}/tickets/{ticket_id}/code",
    params(("reservation_id" = Uuid, Path), ("ticket_id" = String, Path)), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, description = "The code, or its picture", content(
            (TicketCodeOut = "application/json"), (String = "image/svg+xml"), (PictureOut = "image/png"),
        )),
        (status = 406, description = "not-acceptable"),
        CodeFailure,
    ))]
pub async fn get_ticket_code(
    State(app): State<App>,
    user: User,
    wanted: Wanted,
    headers: HeaderMap,
    PathParams((id, ticket)): PathParams<(Uuid, String)>,
) -> Result<Representation<TicketCodeOut>, Problem> {
    let (id, seat) = (ReservationId(id), SeatId::parse(&ticket).map_err(invalid("ticket_id"))?);
    let signed = tickets::code(&app, user.id, id, &seat).await?;
    Ok(match wanted {
        Wanted::Json => Representation::Json(TicketCodeOut {
            ticket_id: seat.to_string(),
            code: signed.text(),
            generation: signed.code.generation.get(),
            key: signed.code.key,
        }),
        Wanted::Svg => Representation::svg(ticket_picture::svg(&signed)?, &headers),
        Wanted::Png => Representation::png(ticket_picture::png(&signed)?),
    })
}
