//! The Lambda binary of `list_schedules`.

use functions::concerts::list_schedules;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("list_schedules", Function::Http(list_schedules::routes))
}
