//! The Lambda binary of `get_queue`.

use functions::queue::get_queue;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_queue", Function::Http(get_queue::routes))
}
