//! The Lambda binary of `create_seats`.

use functions::seats::create_seats;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("create_seats", Function::Http(|| routes!(create_seats::create_seats)))
}
