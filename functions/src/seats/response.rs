use onsale_domain::money::Price;
use onsale_domain::seats::{SeatId, SeatState};
use onsale_platform::http::openapi::one_of;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

/// The states of a seat.
fn states() -> Object {
    one_of("State of the seat.", SeatState::ALL.map(SeatState::as_str))
}

/// A seat.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeatOut {
    /// Id of the seat, such as `A-1-12`.
    seat_id: String,
    /// Label of the section.
    section: String,
    /// Label of the row.
    row: String,
    /// Number within the row.
    number: u16,
    /// Price, in minor units.
    price: i64,
    #[schema(schema_with = states)]
    state: &'static str,
}

impl SeatOut {
    /// A seat at its section's price.
    pub fn new(seat: &SeatId, price: Price, state: SeatState) -> Self {
        Self {
            seat_id: seat.to_string(),
            section: seat.section.to_string(),
            row: seat.row.to_string(),
            number: seat.number,
            price: price.get(),
            state: state.as_str(),
        }
    }
}
