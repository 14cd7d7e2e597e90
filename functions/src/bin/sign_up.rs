//! The Lambda binary of `sign_up`.

use functions::accounts::sign_up;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("sign_up", Function::Http(|| routes!(sign_up::sign_up)))
}
