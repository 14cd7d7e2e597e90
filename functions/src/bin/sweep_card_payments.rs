//! The Lambda binary of `sweep_card_payments`.

use functions::payments::sweep_card_payments;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("sweep_card_payments", Function::Event(sweep_card_payments::handler))
}
