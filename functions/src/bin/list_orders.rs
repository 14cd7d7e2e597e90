//! The Lambda binary of `list_orders`.

use functions::orders::list_orders;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_orders", Function::Http(|| routes!(list_orders::list_orders)))
}
