use jiff::Timestamp;
use onsale_domain::money::CURRENCY;
use onsale_domain::payments::purchase::PurchaseState;
use onsale_domain::reservations::reservation::{Reservation, Ticket};
use onsale_platform::http::openapi::one_of;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// Where a reservation or a ticket may stand.
fn states() -> Object {
    one_of(PurchaseState::ALL.map(|state| state.name(Reservation::OPEN)))
}

/// A reservation, as shown to its owner.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReservationOut {
    reservation_id: Uuid,
    /// `held`, `paid`, `cancelled`, `expired` or `declined`.
    #[schema(schema_with = states)]
    state: &'static str,
    /// Why it ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    concert_id: Uuid,
    schedule_id: Uuid,
    place: String,
    starts_at: Timestamp,
    created_at: Timestamp,
    /// It may be paid before this time, and not at it or after.
    expires_at: Timestamp,
    /// The sum of its live tickets' prices, in minor units.
    total: i64,
    currency: &'static str,
    tickets: Vec<TicketOut>,
    /// Once it is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<String>,
}

/// One ticket of a reservation.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketOut {
    /// The same as `seat_id`.
    ticket_id: String,
    /// Such as `A-1-12`.
    seat_id: String,
    /// Frozen when the seat was held, in minor units.
    price: i64,
    /// As the reservation's, or `cancelled` by itself.
    #[schema(schema_with = states)]
    state: &'static str,
}

impl ReservationOut {
    /// A reservation as it stands at `now`.
    pub fn new(reservation: &Reservation, now: Timestamp) -> Self {
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
            currency: CURRENCY,
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
