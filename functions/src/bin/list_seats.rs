//! The Lambda binary of `list_seats`.

use functions::seats::list_seats;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("list_seats", Function::Http(|| routes!(list_seats::list_seats)))
}
