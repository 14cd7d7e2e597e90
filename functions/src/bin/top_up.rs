//! The Lambda binary of `top_up`.

use functions::wallet::top_up;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("top_up", Function::Http(|| routes!(top_up::top_up)))
}
