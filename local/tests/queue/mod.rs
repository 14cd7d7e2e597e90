//! The waiting queue.

mod advance_queues;
mod buying;
mod capacity;
mod crowd;
mod delete_queue;
mod free_queue_places;
mod gaps;
mod get_queue;
mod get_queue_entry;
mod guard;
mod join_queue;
mod leave_queue;
mod list_queues;
mod numbers;
mod put_queue;
mod races;
pub mod scenario;
mod second_call;
mod skews;
mod sold_out;
mod valve;

use crate::support::queue::QUEUE;
use crate::support::{Reply, World};

/// The key of a queue's item, its counter or a batch, as the table's engine is asked for it.
fn key(queue: &str, sk: &str) -> serde_json::Value {
    let pk = if sk == "ISSUED" { format!("QUEUE#{queue}#ISSUED") } else { format!("QUEUE#{queue}") };
    serde_json::json!({ "pk": { "S": pk }, "sk": { "S": sk } })
}

/// How many numbers of the queue are finished.
async fn finished_numbers(world: &World) -> i64 {
    let books = world.check_invariants().await;
    books.serving(QUEUE) - books.places_in_use(QUEUE)
}

/// The number of an answered entry.
fn number(reply: &Reply) -> u64 {
    reply.body["number"].as_u64().expect("a number")
}
