//! The Lambda binary of `end_all_sessions`.

use functions::accounts::end_all_sessions;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("end_all_sessions", Function::Http(|| routes!(end_all_sessions::end_all_sessions)))
}
