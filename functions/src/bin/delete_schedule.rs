//! The Lambda binary of `delete_schedule`.

use functions::concerts::delete_schedule;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("delete_schedule", Function::Http(delete_schedule::routes))
}
