//! Concerts and the dates on which they take place.

mod response;

use onsale_platform::lambda::Function;

pub mod create_concert;
pub mod create_schedule;
pub mod delete_concert;
pub mod delete_schedule;
pub mod get_concert;
pub mod get_schedule;
pub mod list_schedules;
pub mod search_concerts;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /concerts: makes a concert.
    ("create_concert", Function::Http(create_concert::routes)),
    // GET /concerts: finds concerts by their names, newest first.
    ("search_concerts", Function::Http(search_concerts::routes)),
    // GET /concerts/{concert_id}: one concert.
    ("get_concert", Function::Http(get_concert::routes)),
    // DELETE /concerts/{concert_id}: removes a concert with its schedules and seats, or nothing.
    ("delete_concert", Function::Http(delete_concert::routes)),
    // POST /concerts/{concert_id}/schedules: gives a concert a date.
    ("create_schedule", Function::Http(create_schedule::routes)),
    // GET /concerts/{concert_id}/schedules: the dates that are on sale.
    ("list_schedules", Function::Http(list_schedules::routes)),
    // GET /schedules/{schedule_id}: one date, on sale or not.
    ("get_schedule", Function::Http(get_schedule::routes)),
    // DELETE /concerts/{concert_id}/schedules/{schedule_id}: removes a date with its seats, or nothing.
    ("delete_schedule", Function::Http(delete_schedule::routes)),
];
