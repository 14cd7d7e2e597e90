//! The Lambda binary of `grant_role`.

use functions::roles::grant_role;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("grant_role", Function::Event(grant_role::handler))
}
