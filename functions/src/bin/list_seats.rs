//! The Lambda binary of `list_seats`.

use functions::seats::list_seats;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("list_seats", Function::Http(list_seats::routes))
}
