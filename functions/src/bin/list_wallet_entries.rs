//! The Lambda binary of `list_wallet_entries`.

use functions::wallet::list_wallet_entries;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_wallet_entries", Function::Http(|| routes!(list_wallet_entries::list_wallet_entries)))
}
