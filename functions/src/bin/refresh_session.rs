//! The Lambda binary of `refresh_session`.

use functions::accounts::refresh_session;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run(Function::Http(refresh_session::routes))
}
