//! The Lambda binary of `hold_seat`.

use functions::seats::hold_seat;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("hold_seat", Function::Http(|| routes!(hold_seat::hold_seat)))
}
