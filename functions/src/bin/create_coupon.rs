//! The Lambda binary of `create_coupon`.

use functions::coupons::create_coupon;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("create_coupon", Function::Http(create_coupon::routes))
}
