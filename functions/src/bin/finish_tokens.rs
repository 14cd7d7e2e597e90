//! The Lambda binary of `finish_tokens`.

use functions::queue::finish_tokens;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("finish_tokens", Function::Event(finish_tokens::answer))
}
