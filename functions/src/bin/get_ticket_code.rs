//! The Lambda binary of `get_ticket_code`.

use functions::tickets::get_ticket_code;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_ticket_code", Function::Http(|| routes!(get_ticket_code::get_ticket_code)))
}
