//! Orders and coupons.

mod cancel_order;
mod claim_coupon;
mod create_coupon;
mod get_coupon;
mod get_order;
mod hoarding;
mod list_my_coupons;
mod list_orders;
mod place_order;
mod place_order_coupons;
mod place_order_meanwhile;

/// An id that nothing has.
const NOBODY: &str = "0193a000-0000-7000-8000-00000000dead";
