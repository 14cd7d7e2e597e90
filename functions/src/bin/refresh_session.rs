//! The Lambda binary of `refresh_session`.

use functions::accounts::refresh_session;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("refresh_session", Function::Http(|| routes!(refresh_session::refresh_session)))
}
