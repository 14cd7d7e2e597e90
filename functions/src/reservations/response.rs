use jiff::Timestamp;
use onsale_domain::money::Currency;
use onsale_domain::purchases::purchase::PurchaseState;
use onsale_domain::reservations::reservation::{Reservation, Ticket};
use onsale_platform::http::openapi::one_of;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// The states of a reservation or ticket.
fn states() -> Object {
    let names = PurchaseState::ALL.map(|state| state.name(Reservation::OPEN));
    one_of("State; a ticket has that of its reservation, or is `cancelled` by itself.", names)
}

/// The reasons why a reservation has ended.
fn reasons() -> Object {
    let reasons = PurchaseState::ALL.into_iter().filter_map(PurchaseState::reason);
    one_of("Reason why the reservation has ended; absent while it has not.", reasons)
}

/// A reservation, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "reservation_id": "6ff4d428-67d3-85f5-ae19-a93870fafaa8",
    "state": "held",
    "concert_id": "de34110d-d776-8f2f-8a6d-2efc0b25ca10",
    "schedule_id": "965d5465-870a-811b-a08d-0a917363a8fe",
    "place": "Seoul Arts Center",
    "starts_at": "2030-12-20T10:00:00Z",
    "created_at": "2030-11-01T11:00:00.25Z",
    "expires_at": "2030-11-01T11:05:01Z",
    "total": 90000,
    "currency": "KRW",
    "tickets": [{ "ticket_id": "A-1-12", "seat_id": "A-1-12", "price": 90000, "state": "held" }],
}))]
pub struct ReservationOut {
    /// Id of the reservation.
    reservation_id: Uuid,
    #[schema(schema_with = states)]
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = reasons, required = false)]
    reason: Option<&'static str>,
    /// Id of the concert.
    concert_id: Uuid,
    /// Id of the date.
    schedule_id: Uuid,
    /// Venue.
    place: String,
    /// Start of the concert.
    starts_at: Timestamp,
    /// Time of the hold.
    created_at: Timestamp,
    /// Time until which the reservation can be paid (exclusive).
    expires_at: Timestamp,
    /// Price of the tickets that are not cancelled, in minor units.
    total: i64,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    /// Tickets of the reservation, one per seat.
    tickets: Vec<TicketOut>,
    /// Id of the payment; absent until the reservation is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<String>,
}

/// A ticket of a reservation.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketOut {
    /// Id of the ticket, the same as `seat_id`.
    ticket_id: String,
    /// Id of the seat, such as `A-1-12`.
    seat_id: String,
    /// Price at the time of the hold, in minor units.
    price: i64,
    #[schema(schema_with = states)]
    state: &'static str,
}

impl ReservationOut {
    /// A reservation as it stands at `now`.
    pub fn new(reservation: &Reservation, currency: Currency, now: Timestamp) -> Self {
        let state = reservation.purchase.state_at(now);
        Self {
            reservation_id: reservation.id.0,
            state: state.name(Reservation::OPEN),
            reason: state.reason(),
            concert_id: reservation.concert_id.0,
            schedule_id: reservation.schedule_id.0,
            place: reservation.venue.clone(),
            starts_at: reservation.starts_at,
            created_at: reservation.created_at,
            expires_at: reservation.purchase.expires_at(),
            total: reservation.total(),
            currency: currency.code(),
            tickets: reservation.tickets.iter().map(|ticket| TicketOut::new(ticket, state)).collect(),
            payment_id: reservation.purchase.payment.as_ref().map(|_| reservation.payment_id()),
        }
    }
}

impl TicketOut {
    /// A ticket of a reservation that stands at `state`.
    pub fn new(ticket: &Ticket, state: PurchaseState) -> Self {
        let state = if ticket.cancelled { PurchaseState::Cancelled } else { state };
        Self {
            ticket_id: ticket.seat.to_string(),
            seat_id: ticket.seat.to_string(),
            price: ticket.price.get(),
            state: state.name(Reservation::OPEN),
        }
    }
}
