//! The Lambda binary of `cancel_payment`.

use functions::payments::cancel_payment;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("cancel_payment", Function::Http(cancel_payment::routes))
}
