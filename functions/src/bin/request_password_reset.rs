//! The Lambda binary of `request_password_reset`.

use functions::recovery::request_password_reset;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("request_password_reset", Function::Http(|| routes!(request_password_reset::request_password_reset)))
}
