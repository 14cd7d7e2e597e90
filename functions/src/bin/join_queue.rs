//! The Lambda binary of `join_queue`.

use functions::queue::join_queue;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("join_queue", Function::Http(join_queue::routes))
}
