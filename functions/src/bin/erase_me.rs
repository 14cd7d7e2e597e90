//! The Lambda binary of `erase_me`.

use functions::accounts::erase_me;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("erase_me", Function::Http(|| routes!(erase_me::erase_me)))
}
