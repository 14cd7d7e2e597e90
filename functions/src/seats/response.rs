use std::collections::BTreeMap;

use jiff::Timestamp;
use onsale_domain::money::Price;
use onsale_domain::seats::{Label, SeatId, SeatState};
use onsale_domain::time::EpochSecond;
use onsale_platform::http::openapi::one_of;
use onsale_platform::store::views::Block;
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

/// The state of every seat of a row: 2,500 seats fit into 6 KB.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowOut {
    /// Label of the row.
    row: String,
    /// Number of the first seat; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u16>,
    /// One letter for each number from `from` on: `a` available, `h` held, `s` sold, `-` if there is no such seat.
    states: String,
}

impl RowOut {
    /// The rows of blocks as they stand at `now`, in the order of the blocks.
    pub fn list(blocks: &[Block], now: Timestamp) -> Vec<Self> {
        let now = EpochSecond::begun(now);
        let mut rows: BTreeMap<&Label, Self> = BTreeMap::new();
        for block in blocks {
            for (number, value) in &block.seats {
                let row = rows.entry(&block.id.row).or_insert_with(|| Self {
                    row: block.id.row.to_string(),
                    from: (*number != 1).then_some(*number),
                    states: String::new(),
                });
                let next = usize::from(*number) - usize::from(row.from.unwrap_or(1));
                row.states.extend((row.states.len()..next).map(|_| '-'));
                row.states.push(letter(value.state(now)));
            }
        }
        rows.into_values().collect()
    }
}

fn letter(state: SeatState) -> char {
    match state {
        SeatState::Available => 'a',
        SeatState::Held => 'h',
        SeatState::Sold => 's',
    }
}
