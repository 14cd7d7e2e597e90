//! The Lambda binary of `log_in`.

use functions::accounts::log_in;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("log_in", Function::Http(|| routes!(log_in::log_in)))
}
