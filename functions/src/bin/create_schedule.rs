//! The Lambda binary of `create_schedule`.

use functions::concerts::create_schedule;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("create_schedule", Function::Http(|| routes!(create_schedule::create_schedule)))
}
