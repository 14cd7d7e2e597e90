//! The Lambda binary of `create_coupon`.

use functions::coupons::create_coupon;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("create_coupon", Function::Http(|| routes!(create_coupon::create_coupon)))
}
