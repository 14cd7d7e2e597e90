//! The Lambda binary of `sign_up`.

use functions::accounts::sign_up;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("sign_up", Function::Http(sign_up::routes))
}
