//! The Lambda binary of `credit_wallet`.

use functions::wallet::credit_wallet;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("credit_wallet", Function::Http(|| routes!(credit_wallet::credit_wallet)))
}
