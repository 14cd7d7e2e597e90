//! The Lambda binary of `grant_organiser`.

use functions::roles::grant_organiser;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("grant_organiser", Function::Http(|| routes!(grant_organiser::grant_organiser)))
}
