//! The Lambda binary of `receive_card_report`.

use functions::payments::receive_card_report;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("receive_card_report", Function::Http(|| routes!(receive_card_report::receive_card_report)))
}
