//! The Lambda binary of `rotate_keys`.

use functions::accounts::rotate_keys;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("rotate_keys", Function::Event(rotate_keys::handler))
}
