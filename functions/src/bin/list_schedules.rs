//! The Lambda binary of `list_schedules`.

use functions::concerts::list_schedules;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_schedules", Function::Http(|| routes!(list_schedules::list_schedules)))
}
