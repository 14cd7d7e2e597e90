//! The Lambda binary of `send_mail`.

use functions::events::send_mail;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("send_mail", Function::Event(send_mail::handler))
}
