//! The Lambda binary of `spend`.

use functions::wallet::spend;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("spend", Function::Http(|| routes!(spend::spend)))
}
