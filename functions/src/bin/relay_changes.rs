//! The Lambda binary of `relay_changes`.

use functions::events::relay_changes;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("relay_changes", Function::Event(relay_changes::answer))
}
