//! The Lambda binary of `get_wallet`.

use functions::wallet::get_wallet;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_wallet", Function::Http(|| routes!(get_wallet::get_wallet)))
}
