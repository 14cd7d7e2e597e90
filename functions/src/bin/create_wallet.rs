//! The Lambda binary of `create_wallet`.

use functions::wallet::create_wallet;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("create_wallet", Function::Http(|| routes!(create_wallet::create_wallet)))
}
