//! The Lambda binary of `settle_payment`.

use functions::events::settle_payment;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("settle_payment", Function::Event(settle_payment::answer))
}
