//! The Lambda binary of `reset_password`.

use functions::recovery::reset_password;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("reset_password", Function::Http(|| routes!(reset_password::reset_password)))
}
