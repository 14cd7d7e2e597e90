//! The Lambda binary of `cancel_payment`.

use functions::payments::cancel_payment;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("cancel_payment", Function::Http(|| routes!(cancel_payment::cancel_payment)))
}
