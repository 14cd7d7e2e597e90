//! The Lambda binary of `create_seats`.

use functions::seats::create_seats;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("create_seats", Function::Http(|| routes!(create_seats::create_seats)))
}
