//! The Lambda binary of `create_schedule`.

use functions::concerts::create_schedule;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("create_schedule", Function::Http(create_schedule::routes))
}
