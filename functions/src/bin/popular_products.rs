//! The Lambda binary of `popular_products`.

use functions::products::popular_products;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("popular_products", Function::Http(|| routes!(popular_products::popular_products)))
}
