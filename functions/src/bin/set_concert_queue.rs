//! The Lambda binary of `set_concert_queue`.

use functions::concerts::set_concert_queue;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("set_concert_queue", Function::Http(|| routes!(set_concert_queue::set_concert_queue)))
}
