//! The Lambda binary of `cancel_ticket`.

use functions::reservations::cancel_ticket;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("cancel_ticket", Function::Http(cancel_ticket::routes))
}
