//! The Lambda binary of `update_product`.

use functions::products::update_product;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("update_product", Function::Http(|| routes!(update_product::update_product)))
}
