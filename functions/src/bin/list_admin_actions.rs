//! The Lambda binary of `list_admin_actions`.

use functions::accounts::list_admin_actions;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("list_admin_actions", Function::Http(|| routes!(list_admin_actions::list_admin_actions)))
}
