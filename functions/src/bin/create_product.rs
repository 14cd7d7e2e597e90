//! The Lambda binary of `create_product`.

use functions::products::create_product;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("create_product", Function::Http(|| routes!(create_product::create_product)))
}
