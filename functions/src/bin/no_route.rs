//! The Lambda binary of `no_route`.

use functions::service::no_route;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("no_route", Function::Default(no_route::no_route))
}
