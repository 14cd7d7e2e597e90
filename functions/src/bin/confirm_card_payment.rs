//! The Lambda binary of `confirm_card_payment`.

use functions::payments::confirm_card_payment;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("confirm_card_payment", Function::Http(|| routes!(confirm_card_payment::confirm_card_payment)))
}
