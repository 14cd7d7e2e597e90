//! The Lambda binary of `get_coupon`.

use functions::coupons::get_coupon;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("get_coupon", Function::Http(|| routes!(get_coupon::get_coupon)))
}
