//! The Lambda binary of `pay`.

use functions::payments::pay;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("pay", Function::Http(pay::routes))
}
