//! The Lambda binary of `list_sessions`.

use functions::accounts::list_sessions;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_sessions", Function::Http(|| routes!(list_sessions::list_sessions)))
}
