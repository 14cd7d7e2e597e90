//! The Lambda binary of `list_reservations`.

use functions::reservations::list_reservations;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_reservations", Function::Http(|| routes!(list_reservations::list_reservations)))
}
