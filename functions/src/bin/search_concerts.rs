//! The Lambda binary of `search_concerts`.

use functions::concerts::search_concerts;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("search_concerts", Function::Http(search_concerts::routes))
}
