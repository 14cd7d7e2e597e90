//! The Lambda binary of `get_order`.

use functions::orders::get_order;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_order", Function::Http(|| routes!(get_order::get_order)))
}
