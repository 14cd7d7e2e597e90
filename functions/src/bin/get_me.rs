//! The Lambda binary of `get_me`.

use functions::accounts::get_me;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_me", Function::Http(|| routes!(get_me::get_me)))
}
