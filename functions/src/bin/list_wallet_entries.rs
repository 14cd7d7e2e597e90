//! The Lambda binary of `list_wallet_entries`.

use functions::wallet::list_wallet_entries;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("list_wallet_entries", Function::Http(|| routes!(list_wallet_entries::list_wallet_entries)))
}
