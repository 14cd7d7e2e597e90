//! The Lambda binary of `get_queue`.

use functions::queue::get_queue;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_queue", Function::Http(|| routes!(get_queue::get_queue)))
}
