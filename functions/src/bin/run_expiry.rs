//! The Lambda binary of `run_expiry`.

use functions::reservations::run_expiry;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("run_expiry", Function::Event(run_expiry::answer))
}
