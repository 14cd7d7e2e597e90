//! The Lambda binary of `get_seat`.

use functions::seats::get_seat;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_seat", Function::Http(|| routes!(get_seat::get_seat)))
}
