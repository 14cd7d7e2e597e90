//! The Lambda binary of `get_health`.

use functions::service::get_health;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_health", Function::Http(|| routes!(get_health::get_health)))
}
