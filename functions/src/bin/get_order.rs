//! The Lambda binary of `get_order`.

use functions::orders::get_order;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_order", Function::Http(|| routes!(get_order::get_order)))
}
