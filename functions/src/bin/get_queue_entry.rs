//! The Lambda binary of `get_queue_entry`.

use functions::queue::get_queue_entry;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_queue_entry", Function::Http(|| routes!(get_queue_entry::get_queue_entry)))
}
