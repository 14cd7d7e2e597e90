//! The Lambda binary of `get_openapi`.

use functions::service::get_openapi;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_openapi", Function::Http(|| routes!(get_openapi::get_openapi)))
}
