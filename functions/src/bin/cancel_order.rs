//! The Lambda binary of `cancel_order`.

use functions::orders::cancel_order;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("cancel_order", Function::Http(|| routes!(cancel_order::cancel_order)))
}
