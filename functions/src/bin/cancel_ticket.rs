//! The Lambda binary of `cancel_ticket`.

use functions::reservations::cancel_ticket;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("cancel_ticket", Function::Http(|| routes!(cancel_ticket::cancel_ticket)))
}
