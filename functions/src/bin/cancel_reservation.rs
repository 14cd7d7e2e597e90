//! The Lambda binary of `cancel_reservation`.

use functions::reservations::cancel_reservation;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("cancel_reservation", Function::Http(|| routes!(cancel_reservation::cancel_reservation)))
}
