//! The Lambda binary of `get_ticket`.

use functions::reservations::get_ticket;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_ticket", Function::Http(get_ticket::routes))
}
