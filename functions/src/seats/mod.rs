//! The seats of a schedule, one by one.

mod response;

use onsale_platform::lambda::Function;

pub mod create_seats;
pub mod get_seat;
pub mod hold_seat;
pub mod list_seats;
pub mod release_seat;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /schedules/{schedule_id}/seats: makes seats that are not there yet.
    ("create_seats", Function::Http(create_seats::routes)),
    // GET /schedules/{schedule_id}/seats: what may still be had.
    ("list_seats", Function::Http(list_seats::routes)),
    // GET /schedules/{schedule_id}/seats/{seat_id}: one seat.
    ("get_seat", Function::Http(get_seat::routes)),
    // PUT /schedules/{schedule_id}/seats/{seat_id}/hold: locks one seat.
    ("hold_seat", Function::Http(hold_seat::routes)),
    // DELETE /schedules/{schedule_id}/seats/{seat_id}/hold: unlocks one seat.
    ("release_seat", Function::Http(release_seat::routes)),
];
