//! The Lambda binary of `join_queue`.

use functions::queue::join_queue;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("join_queue", Function::Http(|| routes!(join_queue::join_queue)))
}
