//! The Lambda binary of `create_reservation`.

use functions::reservations::create_reservation;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("create_reservation", Function::Http(|| routes!(create_reservation::create_reservation)))
}
