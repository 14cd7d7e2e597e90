//! Coupons: a limited number of discounts, first come first served.

pub(crate) mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod claim_coupon;
pub mod create_coupon;
pub mod get_coupon;
pub mod list_my_coupons;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /coupons: makes a coupon.
    ("create_coupon", Function::Http(|| routes!(create_coupon::create_coupon))),
    // GET /coupons/{coupon_id}: one coupon, and how many of it are left.
    ("get_coupon", Function::Http(|| routes!(get_coupon::get_coupon))),
    // POST /coupons/{coupon_id}/claims: takes one for the caller.
    ("claim_coupon", Function::Http(|| routes!(claim_coupon::claim_coupon))),
    // GET /users/me/coupons: what the caller has claimed.
    ("list_my_coupons", Function::Http(|| routes!(list_my_coupons::list_my_coupons))),
];
