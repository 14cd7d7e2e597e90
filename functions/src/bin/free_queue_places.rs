//! The Lambda binary of `free_queue_places`.

use functions::queue::free_queue_places;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("free_queue_places", Function::Event(free_queue_places::answer))
}
