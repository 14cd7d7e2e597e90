//! The seats of a schedule, one by one.

mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod create_seats;
pub mod get_seat;
pub mod hold_seat;
pub mod list_seats;
pub mod release_seat;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /schedules/{schedule_id}/seats: makes seats that are not there yet.
    ("create_seats", Function::Http(|| routes!(create_seats::create_seats))),
    // GET /schedules/{schedule_id}/seats: what may still be had.
    ("list_seats", Function::Http(|| routes!(list_seats::list_seats))),
    // GET /schedules/{schedule_id}/seats/{seat_id}: one seat.
    ("get_seat", Function::Http(|| routes!(get_seat::get_seat))),
    // PUT /schedules/{schedule_id}/seats/{seat_id}/hold: locks one seat.
    ("hold_seat", Function::Http(|| routes!(hold_seat::hold_seat))),
    // DELETE /schedules/{schedule_id}/seats/{seat_id}/hold: unlocks one seat.
    ("release_seat", Function::Http(|| routes!(release_seat::release_seat))),
];
