//! The Lambda binary of `release_seat`.

use functions::seats::release_seat;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("release_seat", Function::Http(|| routes!(release_seat::release_seat)))
}
