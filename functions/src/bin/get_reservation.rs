//! The Lambda binary of `get_reservation`.

use functions::reservations::get_reservation;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_reservation", Function::Http(get_reservation::routes))
}
