//! The Lambda binary of `get_wallet`.

use functions::wallet::get_wallet;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_wallet", Function::Http(|| routes!(get_wallet::get_wallet)))
}
