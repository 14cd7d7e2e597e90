//! The Lambda binary of `list_schedules`.

use functions::concerts::list_schedules;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("list_schedules", Function::Http(|| routes!(list_schedules::list_schedules)))
}
