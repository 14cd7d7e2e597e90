//! The Lambda binary of `get_me`.

use functions::accounts::get_me;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_me", Function::Http(get_me::routes))
}
