//! The Lambda binary of `get_health`.

use functions::service::get_health;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_health", Function::Http(get_health::routes))
}
