//! The Lambda binary of `get_product`.

use functions::products::get_product;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_product", Function::Http(|| routes!(get_product::get_product)))
}
