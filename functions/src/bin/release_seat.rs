//! The Lambda binary of `release_seat`.

use functions::seats::release_seat;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("release_seat", Function::Http(release_seat::routes))
}
