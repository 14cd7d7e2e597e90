//! Orders.

mod cancel_order;
mod get_order;
mod hoarding;
mod list_orders;
mod place_order;
mod place_order_coupons;
mod place_order_meanwhile;

/// An id that nothing has.
const NOBODY: &str = "0193a000-0000-7000-8000-00000000dead";
