//! The waiting queue in front of a sale: a number to take, a place to poll for, an admission to buy with.

mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod advance_queues;
pub mod delete_queue;
pub mod free_queue_places;
pub mod get_queue;
pub mod get_queue_entry;
pub mod join_queue;
pub mod leave_queue;
pub mod list_queues;
pub mod put_queue;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // PUT /queues/{queue_id}: makes a queue or changes its settings.
    ("put_queue", Function::Http(|| routes!(put_queue::put_queue))),
    // GET /queues: all queues, newest first.
    ("list_queues", Function::Http(|| routes!(list_queues::list_queues))),
    // DELETE /queues/{queue_id}: removes a queue in which nobody is.
    ("delete_queue", Function::Http(|| routes!(delete_queue::delete_queue))),
    // GET /queues/{queue_id}: which number is being served, for everybody.
    ("get_queue", Function::Http(|| routes!(get_queue::get_queue))),
    // POST /queues/{queue_id}/tokens: gives the caller a place.
    ("join_queue", Function::Http(|| routes!(join_queue::join_queue))),
    // GET /queues/{queue_id}/tokens/me: where the caller stands.
    ("get_queue_entry", Function::Http(|| routes!(get_queue_entry::get_queue_entry))),
    // DELETE /queues/{queue_id}/tokens/me: gives the place up.
    ("leave_queue", Function::Http(|| routes!(leave_queue::leave_queue))),
    // Queue tokens: frees the places of ended admissions.
    ("free_queue_places", Function::Event(free_queue_places::handler)),
    // Every minute at :00: ends admissions whose time has passed, and moves every queue on.
    ("advance_queues", Function::Event(advance_queues::handler)),
];
