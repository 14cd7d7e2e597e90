//! The Lambda binary of `top_up`.

use functions::wallet::top_up;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("top_up", Function::Http(top_up::routes))
}
