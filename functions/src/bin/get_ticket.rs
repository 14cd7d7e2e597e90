//! The Lambda binary of `get_ticket`.

use functions::reservations::get_ticket;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_ticket", Function::Http(|| routes!(get_ticket::get_ticket)))
}
