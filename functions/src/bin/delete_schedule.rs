//! The Lambda binary of `delete_schedule`.

use functions::concerts::delete_schedule;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("delete_schedule", Function::Http(|| routes!(delete_schedule::delete_schedule)))
}
