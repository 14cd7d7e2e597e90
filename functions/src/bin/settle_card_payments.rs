//! The Lambda binary of `settle_card_payments`.

use functions::payments::settle_card_payments;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("settle_card_payments", Function::Event(settle_card_payments::handler))
}
