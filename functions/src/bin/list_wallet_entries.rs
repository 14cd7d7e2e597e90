//! The Lambda binary of `list_wallet_entries`.

use functions::wallet::list_wallet_entries;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("list_wallet_entries", Function::Http(list_wallet_entries::routes))
}
