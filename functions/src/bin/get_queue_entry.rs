//! The Lambda binary of `get_queue_entry`.

use functions::queue::get_queue_entry;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_queue_entry", Function::Http(|| routes!(get_queue_entry::get_queue_entry)))
}
