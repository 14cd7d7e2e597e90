//! The Lambda binary of `cancel_reservation`.

use functions::reservations::cancel_reservation;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("cancel_reservation", Function::Http(|| routes!(cancel_reservation::cancel_reservation)))
}
