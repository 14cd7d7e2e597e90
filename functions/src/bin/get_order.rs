//! The Lambda binary of `get_order`.

use functions::orders::get_order;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_order", Function::Http(get_order::routes))
}
