//! The Lambda binary of `hold_seat`.

use functions::seats::hold_seat;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("hold_seat", Function::Http(hold_seat::routes))
}
