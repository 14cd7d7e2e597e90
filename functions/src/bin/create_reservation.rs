//! The Lambda binary of `create_reservation`.

use functions::reservations::create_reservation;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("create_reservation", Function::Http(create_reservation::routes))
}
