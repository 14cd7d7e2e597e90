//! The Lambda binary of `place_order`.

use functions::orders::place_order;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("place_order", Function::Http(|| routes!(place_order::place_order)))
}
