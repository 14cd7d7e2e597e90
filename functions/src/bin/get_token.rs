//! The Lambda binary of `get_token`.

use functions::queue::get_token;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_token", Function::Http(get_token::routes))
}
