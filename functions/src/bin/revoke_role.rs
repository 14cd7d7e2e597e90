//! The Lambda binary of `revoke_role`.

use functions::roles::revoke_role;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("revoke_role", Function::Event(revoke_role::handler))
}
