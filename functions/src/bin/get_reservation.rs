//! The Lambda binary of `get_reservation`.

use functions::reservations::get_reservation;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_reservation", Function::Http(|| routes!(get_reservation::get_reservation)))
}
