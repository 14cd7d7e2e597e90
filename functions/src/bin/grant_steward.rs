//! The Lambda binary of `grant_steward`.

use functions::roles::grant_steward;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("grant_steward", Function::Http(|| routes!(grant_steward::grant_steward)))
}
