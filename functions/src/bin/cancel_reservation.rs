//! The Lambda binary of `cancel_reservation`.

use functions::reservations::cancel_reservation;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run(Function::Http(cancel_reservation::routes))
}
