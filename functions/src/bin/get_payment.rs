//! The Lambda binary of `get_payment`.

use functions::payments::get_payment;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_payment", Function::Http(get_payment::routes))
}
