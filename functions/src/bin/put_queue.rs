//! The Lambda binary of `put_queue`.

use functions::queue::put_queue;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("put_queue", Function::Http(|| routes!(put_queue::put_queue)))
}
