//! The Lambda binary of `advance_queues`.

use functions::queue::advance_queues;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("advance_queues", Function::Event(advance_queues::handler))
}
