//! The Lambda binary of `pay`.

use functions::payments::pay;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("pay", Function::Http(|| routes!(pay::pay)))
}
