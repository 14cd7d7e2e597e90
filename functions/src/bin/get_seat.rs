//! The Lambda binary of `get_seat`.

use functions::seats::get_seat;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_seat", Function::Http(|| routes!(get_seat::get_seat)))
}
