//! The Lambda binary of `create_wallet`.

use functions::wallet::create_wallet;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("create_wallet", Function::Http(create_wallet::routes))
}
