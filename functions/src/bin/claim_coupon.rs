//! The Lambda binary of `claim_coupon`.

use functions::orders::claim_coupon;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("claim_coupon", Function::Http(|| routes!(claim_coupon::claim_coupon)))
}
