//! The Lambda binary of `get_schedule`.

use functions::concerts::get_schedule;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_schedule", Function::Http(|| routes!(get_schedule::get_schedule)))
}
