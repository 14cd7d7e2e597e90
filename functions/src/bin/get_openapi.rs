//! The Lambda binary of `get_openapi`.

use functions::service::get_openapi;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_openapi", Function::Http(|| routes!(get_openapi::get_openapi)))
}
