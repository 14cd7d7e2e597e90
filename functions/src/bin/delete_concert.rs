//! The Lambda binary of `delete_concert`.

use functions::concerts::delete_concert;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("delete_concert", Function::Http(|| routes!(delete_concert::delete_concert)))
}
