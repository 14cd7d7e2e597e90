//! The Lambda binary of `create_seats`.

use functions::seats::create_seats;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("create_seats", Function::Http(create_seats::routes))
}
