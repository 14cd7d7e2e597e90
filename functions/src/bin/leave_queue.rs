//! The Lambda binary of `leave_queue`.

use functions::queue::leave_queue;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("leave_queue", Function::Http(|| routes!(leave_queue::leave_queue)))
}
