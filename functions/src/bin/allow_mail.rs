//! The Lambda binary of `allow_mail`.

use functions::events::allow_mail;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("allow_mail", Function::Event(allow_mail::handler))
}
