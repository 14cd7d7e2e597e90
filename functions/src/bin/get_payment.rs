//! The Lambda binary of `get_payment`.

use functions::payments::get_payment;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_payment", Function::Http(|| routes!(get_payment::get_payment)))
}
