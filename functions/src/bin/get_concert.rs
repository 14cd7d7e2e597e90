//! The Lambda binary of `get_concert`.

use functions::concerts::get_concert;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_concert", Function::Http(get_concert::routes))
}
