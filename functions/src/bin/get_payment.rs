//! The Lambda binary of `get_payment`.

use functions::payments::get_payment;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_payment", Function::Http(|| routes!(get_payment::get_payment)))
}
