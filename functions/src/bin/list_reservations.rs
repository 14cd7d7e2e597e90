//! The Lambda binary of `list_reservations`.

use functions::reservations::list_reservations;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("list_reservations", Function::Http(|| routes!(list_reservations::list_reservations)))
}
