//! The Lambda binary of `create_coupon`.

use functions::orders::create_coupon;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("create_coupon", Function::Http(|| routes!(create_coupon::create_coupon)))
}
