//! The Lambda binary of `cancel_ticket`.

use functions::reservations::cancel_ticket;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("cancel_ticket", Function::Http(|| routes!(cancel_ticket::cancel_ticket)))
}
