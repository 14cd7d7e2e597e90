//! The Lambda binary of `list_stewards`.

use functions::roles::list_stewards;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_stewards", Function::Http(|| routes!(list_stewards::list_stewards)))
}
