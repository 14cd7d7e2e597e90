//! The Lambda binary of `log_in`.

use functions::accounts::log_in;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("log_in", Function::Http(log_in::routes))
}
