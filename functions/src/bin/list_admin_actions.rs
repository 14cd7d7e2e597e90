//! The Lambda binary of `list_admin_actions`.

use functions::roles::list_admin_actions;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_admin_actions", Function::Http(|| routes!(list_admin_actions::list_admin_actions)))
}
