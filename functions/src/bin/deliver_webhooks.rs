//! The Lambda binary of `deliver_webhooks`.

use functions::events::deliver_webhooks;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("deliver_webhooks", Function::Event(deliver_webhooks::handler))
}
