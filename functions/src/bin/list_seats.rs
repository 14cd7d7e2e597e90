//! The Lambda binary of `list_seats`.

use functions::seats::list_seats;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_seats", Function::Http(|| routes!(list_seats::list_seats)))
}
