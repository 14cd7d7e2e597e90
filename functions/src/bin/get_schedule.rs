//! The Lambda binary of `get_schedule`.

use functions::concerts::get_schedule;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_schedule", Function::Http(|| routes!(get_schedule::get_schedule)))
}
