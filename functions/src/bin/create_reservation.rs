//! The Lambda binary of `create_reservation`.

use functions::reservations::create_reservation;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("create_reservation", Function::Http(|| routes!(create_reservation::create_reservation)))
}
