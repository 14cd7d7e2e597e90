//! The Lambda binary of `claim_coupon`.

use functions::coupons::claim_coupon;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("claim_coupon", Function::Http(|| routes!(claim_coupon::claim_coupon)))
}
