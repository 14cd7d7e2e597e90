//! The Lambda binary of `reissue_ticket_code`.

use functions::tickets::reissue_ticket_code;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("reissue_ticket_code", Function::Http(|| routes!(reissue_ticket_code::reissue_ticket_code)))
}
