//! The Lambda binary of `cancel_order`.

use functions::orders::cancel_order;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("cancel_order", Function::Http(cancel_order::routes))
}
