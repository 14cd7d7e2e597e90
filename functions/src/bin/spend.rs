//! The Lambda binary of `spend`.

use functions::wallet::spend;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("spend", Function::Http(spend::routes))
}
