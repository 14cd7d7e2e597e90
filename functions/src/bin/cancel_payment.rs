//! The Lambda binary of `cancel_payment`.

use functions::payments::cancel_payment;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("cancel_payment", Function::Http(|| routes!(cancel_payment::cancel_payment)))
}
