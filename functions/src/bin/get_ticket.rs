//! The Lambda binary of `get_ticket`.

use functions::reservations::get_ticket;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_ticket", Function::Http(|| routes!(get_ticket::get_ticket)))
}
