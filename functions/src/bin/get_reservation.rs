//! The Lambda binary of `get_reservation`.

use functions::reservations::get_reservation;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_reservation", Function::Http(|| routes!(get_reservation::get_reservation)))
}
