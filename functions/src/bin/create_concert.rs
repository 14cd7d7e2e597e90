//! The Lambda binary of `create_concert`.

use functions::concerts::create_concert;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("create_concert", Function::Http(|| routes!(create_concert::create_concert)))
}
