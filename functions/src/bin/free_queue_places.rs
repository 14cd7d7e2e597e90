//! The Lambda binary of `free_queue_places`.

use functions::queue::free_queue_places;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("free_queue_places", Function::Event(free_queue_places::handler))
}
