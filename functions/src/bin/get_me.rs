//! The Lambda binary of `get_me`.

use functions::accounts::get_me;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_me", Function::Http(|| routes!(get_me::get_me)))
}
