//! The Lambda binary of `adjust_stock`.

use functions::products::adjust_stock;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("adjust_stock", Function::Http(|| routes!(adjust_stock::adjust_stock)))
}
