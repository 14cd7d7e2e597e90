//! The Lambda binary of `get_ticket_keys`.

use functions::tickets::get_ticket_keys;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_ticket_keys", Function::Http(|| routes!(get_ticket_keys::get_ticket_keys)))
}
