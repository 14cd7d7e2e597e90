//! The Lambda binary of `end_session`.

use functions::accounts::end_session;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("end_session", Function::Http(|| routes!(end_session::end_session)))
}
