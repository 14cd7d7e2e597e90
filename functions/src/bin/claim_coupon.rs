//! The Lambda binary of `claim_coupon`.

use functions::coupons::claim_coupon;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("claim_coupon", Function::Http(claim_coupon::routes))
}
