//! The Lambda binary of `get_openapi`.

use functions::service::get_openapi;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_openapi", Function::Http(get_openapi::routes))
}
