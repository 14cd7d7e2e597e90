//! The Lambda binary of `delete_schedule`.

use functions::concerts::delete_schedule;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("delete_schedule", Function::Http(|| routes!(delete_schedule::delete_schedule)))
}
