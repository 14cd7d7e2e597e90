//! Concerts and the dates on which they take place.

mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod create_concert;
pub mod create_schedule;
pub mod delete_concert;
pub mod delete_schedule;
pub mod get_concert;
pub mod get_schedule;
pub mod list_schedules;
pub mod search_concerts;
pub mod set_concert_queue;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /concerts: makes a concert.
    ("create_concert", Function::Http(|| routes!(create_concert::create_concert))),
    // GET /concerts: finds concerts by their names, newest first.
    ("search_concerts", Function::Http(|| routes!(search_concerts::search_concerts))),
    // GET /concerts/{concert_id}: one concert.
    ("get_concert", Function::Http(|| routes!(get_concert::get_concert))),
    // PUT /concerts/{concert_id}/queue: puts a queue in front of a concert before its sale, or takes it away.
    ("set_concert_queue", Function::Http(|| routes!(set_concert_queue::set_concert_queue))),
    // DELETE /concerts/{concert_id}: removes a concert with its schedules and seats, or nothing.
    ("delete_concert", Function::Http(|| routes!(delete_concert::delete_concert))),
    // POST /concerts/{concert_id}/schedules: gives a concert a date.
    ("create_schedule", Function::Http(|| routes!(create_schedule::create_schedule))),
    // GET /concerts/{concert_id}/schedules: the dates that are on sale.
    ("list_schedules", Function::Http(|| routes!(list_schedules::list_schedules))),
    // GET /schedules/{schedule_id}: one date, on sale or not.
    ("get_schedule", Function::Http(|| routes!(get_schedule::get_schedule))),
    // DELETE /concerts/{concert_id}/schedules/{schedule_id}: removes a date with its seats, or nothing.
    ("delete_schedule", Function::Http(|| routes!(delete_schedule::delete_schedule))),
];
