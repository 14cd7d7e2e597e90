//! The Lambda binary of `start_card_payment`.

use functions::payments::start_card_payment;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("start_card_payment", Function::Http(|| routes!(start_card_payment::start_card_payment)))
}
