//! The Lambda binary of `release_declined_payment`.

use functions::events::release_declined_payment;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("release_declined_payment", Function::Event(release_declined_payment::answer))
}
