//! The Lambda binary of `create_wallet`.

use functions::wallet::create_wallet;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("create_wallet", Function::Http(|| routes!(create_wallet::create_wallet)))
}
