//! The Lambda binary of `change_password`.

use functions::accounts::change_password;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("change_password", Function::Http(|| routes!(change_password::change_password)))
}
