//! The Lambda binary of `get_concert`.

use functions::concerts::get_concert;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_concert", Function::Http(|| routes!(get_concert::get_concert)))
}
