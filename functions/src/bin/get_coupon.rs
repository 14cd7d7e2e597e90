//! The Lambda binary of `get_coupon`.

use functions::orders::get_coupon;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("get_coupon", Function::Http(|| routes!(get_coupon::get_coupon)))
}
