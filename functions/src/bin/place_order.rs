//! The Lambda binary of `place_order`.

use functions::orders::place_order;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("place_order", Function::Http(place_order::routes))
}
