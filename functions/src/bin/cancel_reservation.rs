//! The Lambda binary of `cancel_reservation`.

use functions::reservations::cancel_reservation;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("cancel_reservation", Function::Http(cancel_reservation::routes))
}
