//! The Lambda binary of `prove_address`.

use functions::recovery::prove_address;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("prove_address", Function::Http(|| routes!(prove_address::prove_address)))
}
