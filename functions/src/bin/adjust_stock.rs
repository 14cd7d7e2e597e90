//! The Lambda binary of `adjust_stock`.

use functions::products::adjust_stock;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("adjust_stock", Function::Http(adjust_stock::routes))
}
