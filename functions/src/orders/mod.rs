//! Orders: units of products for one buyer, paid at once or within the time that they are held; and the coupons that
//! make them cheaper.

pub(crate) mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod cancel_order;
pub mod claim_coupon;
pub mod create_coupon;
pub mod get_coupon;
pub mod get_order;
pub mod list_my_coupons;
pub mod list_orders;
pub mod place_order;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /orders: takes units from stock, and pays them if asked to.
    ("place_order", Function::Http(|| routes!(place_order::place_order))),
    // GET /orders: the caller's, newest first.
    ("list_orders", Function::Http(|| routes!(list_orders::list_orders))),
    // GET /orders/{order_id}: one of the caller's, in any state.
    ("get_order", Function::Http(|| routes!(get_order::get_order))),
    // DELETE /orders/{order_id}: gives a pending order up.
    ("cancel_order", Function::Http(|| routes!(cancel_order::cancel_order))),
    // POST /coupons: makes a coupon.
    ("create_coupon", Function::Http(|| routes!(create_coupon::create_coupon))),
    // GET /coupons/{coupon_id}: one coupon, and how many of it are left.
    ("get_coupon", Function::Http(|| routes!(get_coupon::get_coupon))),
    // POST /coupons/{coupon_id}/claims: takes one for the caller.
    ("claim_coupon", Function::Http(|| routes!(claim_coupon::claim_coupon))),
    // GET /users/me/coupons: what the caller has claimed.
    ("list_my_coupons", Function::Http(|| routes!(list_my_coupons::list_my_coupons))),
];
