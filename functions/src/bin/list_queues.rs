//! The Lambda binary of `list_queues`.

use functions::queue::list_queues;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_queues", Function::Http(|| routes!(list_queues::list_queues)))
}
