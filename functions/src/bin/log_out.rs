//! The Lambda binary of `log_out`.

use functions::accounts::log_out;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("log_out", Function::Http(|| routes!(log_out::log_out)))
}
