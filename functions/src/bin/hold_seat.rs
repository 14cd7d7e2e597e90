//! The Lambda binary of `hold_seat`.

use functions::seats::hold_seat;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("hold_seat", Function::Http(|| routes!(hold_seat::hold_seat)))
}
