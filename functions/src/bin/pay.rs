//! The Lambda binary of `pay`.

use functions::payments::pay;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("pay", Function::Http(|| routes!(pay::pay)))
}
