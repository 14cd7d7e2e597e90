//! The Lambda binary of `expire_holds`.

use functions::reservations::expire_holds;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("expire_holds", Function::Event(expire_holds::answer))
}
