//! The Lambda binary of `join_queue`.

use functions::queue::join_queue;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("join_queue", Function::Http(|| routes!(join_queue::join_queue)))
}
