//! Coupons: a limited number of discounts, first come first served.

pub(crate) mod response;

use onsale_platform::lambda::Function;

pub mod claim_coupon;
pub mod create_coupon;
pub mod get_coupon;
pub mod list_my_coupons;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /coupons: makes a coupon.
    ("create_coupon", Function::Http(create_coupon::routes)),
    // GET /coupons/{coupon_id}: one coupon, and how many of it are left.
    ("get_coupon", Function::Http(get_coupon::routes)),
    // POST /coupons/{coupon_id}/claims: takes one for the caller.
    ("claim_coupon", Function::Http(claim_coupon::routes)),
    // GET /users/me/coupons: what the caller has claimed.
    ("list_my_coupons", Function::Http(list_my_coupons::routes)),
];
