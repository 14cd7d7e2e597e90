//! The Lambda binary of `put_queue`.

use functions::queue::put_queue;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("put_queue", Function::Http(|| routes!(put_queue::put_queue)))
}
