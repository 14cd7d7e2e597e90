//! The Lambda binary of `get_seat`.

use functions::seats::get_seat;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_seat", Function::Http(get_seat::routes))
}
