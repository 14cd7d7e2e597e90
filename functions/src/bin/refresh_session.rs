//! The Lambda binary of `refresh_session`.

use functions::accounts::refresh_session;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("refresh_session", Function::Http(|| routes!(refresh_session::refresh_session)))
}
