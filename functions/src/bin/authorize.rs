//! The Lambda binary of `authorize`.

use functions::accounts::authorize;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("authorize", Function::Event(authorize::answer))
}
