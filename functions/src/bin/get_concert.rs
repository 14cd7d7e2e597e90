//! The Lambda binary of `get_concert`.

use functions::concerts::get_concert;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_concert", Function::Http(|| routes!(get_concert::get_concert)))
}
