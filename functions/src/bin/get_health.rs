//! The Lambda binary of `get_health`.

use functions::service::get_health;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_health", Function::Http(|| routes!(get_health::get_health)))
}
