//! The Lambda binary of `revoke_steward`.

use functions::roles::revoke_steward;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("revoke_steward", Function::Http(|| routes!(revoke_steward::revoke_steward)))
}
