//! The Lambda binary of `delete_concert`.

use functions::concerts::delete_concert;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("delete_concert", Function::Http(delete_concert::routes))
}
