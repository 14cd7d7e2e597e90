//! The Lambda binary of `delete_concert`.

use functions::concerts::delete_concert;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("delete_concert", Function::Http(|| routes!(delete_concert::delete_concert)))
}
