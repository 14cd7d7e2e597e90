//! The Lambda binary of `create_concert`.

use functions::concerts::create_concert;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("create_concert", Function::Http(create_concert::routes))
}
