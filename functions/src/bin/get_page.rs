//! The Lambda binary of `get_page`.

use functions::service::get_page;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("get_page", Function::Page(get_page::get_page))
}
