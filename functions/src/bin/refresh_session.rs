//! The Lambda binary of `refresh_session`.

use functions::accounts::refresh_session;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("refresh_session", Function::Http(refresh_session::routes))
}
