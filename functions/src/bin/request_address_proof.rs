//! The Lambda binary of `request_address_proof`.

use functions::recovery::request_address_proof;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("request_address_proof", Function::Http(|| routes!(request_address_proof::request_address_proof)))
}
