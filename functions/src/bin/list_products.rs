//! The Lambda binary of `list_products`.

use functions::products::list_products;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_products", Function::Http(|| routes!(list_products::list_products)))
}
