//! The Lambda binary of `log_in`.

use functions::accounts::log_in;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("log_in", Function::Http(|| routes!(log_in::log_in)))
}
