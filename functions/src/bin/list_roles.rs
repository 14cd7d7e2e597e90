//! The Lambda binary of `list_roles`.

use functions::roles::list_roles;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_roles", Function::Http(|| routes!(list_roles::list_roles)))
}
