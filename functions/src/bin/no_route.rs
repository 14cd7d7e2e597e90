//! The Lambda binary of `no_route`.

use functions::service::no_route;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("no_route", Function::Default(no_route::no_route))
}
