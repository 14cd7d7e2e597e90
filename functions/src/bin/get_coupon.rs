//! The Lambda binary of `get_coupon`.

use functions::coupons::get_coupon;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_coupon", Function::Http(get_coupon::routes))
}
