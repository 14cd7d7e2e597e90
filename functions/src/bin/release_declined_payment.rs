//! The Lambda binary of `release_declined_payment`.

use functions::events::release_declined_payment;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("release_declined_payment", Function::Event(release_declined_payment::handler))
}
