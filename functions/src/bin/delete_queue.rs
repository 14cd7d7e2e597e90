//! The Lambda binary of `delete_queue`.

use functions::queue::delete_queue;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("delete_queue", Function::Http(|| routes!(delete_queue::delete_queue)))
}
