//! The Lambda binary of `list_admin_actions`.

use functions::accounts::list_admin_actions;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("list_admin_actions", Function::Http(list_admin_actions::routes))
}
