//! The Lambda binary of `put_queue`.

use functions::queue::put_queue;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("put_queue", Function::Http(put_queue::routes))
}
