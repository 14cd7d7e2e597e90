//! The Lambda binary of `run_expiry`.

use functions::reservations::run_expiry;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("run_expiry", Function::Event(run_expiry::handler))
}
