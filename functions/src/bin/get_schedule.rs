//! The Lambda binary of `get_schedule`.

use functions::concerts::get_schedule;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_schedule", Function::Http(get_schedule::routes))
}
