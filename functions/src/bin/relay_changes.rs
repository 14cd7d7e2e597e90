//! The Lambda binary of `relay_changes`.

use functions::events::relay_changes;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("relay_changes", Function::Event(relay_changes::handler))
}
