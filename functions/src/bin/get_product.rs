//! The Lambda binary of `get_product`.

use functions::products::get_product;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_product", Function::Http(|| routes!(get_product::get_product)))
}
