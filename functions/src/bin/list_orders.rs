//! The Lambda binary of `list_orders`.

use functions::orders::list_orders;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("list_orders", Function::Http(list_orders::routes))
}
