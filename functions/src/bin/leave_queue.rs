//! The Lambda binary of `leave_queue`.

use functions::queue::leave_queue;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("leave_queue", Function::Http(leave_queue::routes))
}
