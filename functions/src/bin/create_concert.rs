//! The Lambda binary of `create_concert`.

use functions::concerts::create_concert;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("create_concert", Function::Http(|| routes!(create_concert::create_concert)))
}
