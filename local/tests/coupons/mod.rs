//! Coupons.

mod claim_coupon;
mod create_coupon;
mod get_coupon;
mod list_my_coupons;

/// An id that nothing has.
const NOBODY: &str = "0193a000-0000-7000-8000-00000000dead";
