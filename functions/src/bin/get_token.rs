//! The Lambda binary of `get_token`.

use functions::queue::get_token;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_token", Function::Http(|| routes!(get_token::get_token)))
}
