//! The Lambda binary of `get_wallet`.

use functions::wallet::get_wallet;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_wallet", Function::Http(get_wallet::routes))
}
