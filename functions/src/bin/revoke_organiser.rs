//! The Lambda binary of `revoke_organiser`.

use functions::roles::revoke_organiser;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("revoke_organiser", Function::Http(|| routes!(revoke_organiser::revoke_organiser)))
}
