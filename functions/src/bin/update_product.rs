//! The Lambda binary of `update_product`.

use functions::products::update_product;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("update_product", Function::Http(|| routes!(update_product::update_product)))
}
