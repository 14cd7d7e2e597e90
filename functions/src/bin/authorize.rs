//! The Lambda binary of `authorize`.

use functions::accounts::authorize;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("authorize", Function::Event(authorize::handler))
}
