//! The Lambda binary of `list_reservations`.

use functions::reservations::list_reservations;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("list_reservations", Function::Http(list_reservations::routes))
}
