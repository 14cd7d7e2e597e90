//! The Lambda binary of `log_out`.

use functions::accounts::log_out;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("log_out", Function::Http(log_out::routes))
}
