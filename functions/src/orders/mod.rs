//! Orders: units of products for one buyer, paid at once or within the time that they are held.

pub(crate) mod response;

use onsale_platform::lambda::Function;

pub mod cancel_order;
pub mod get_order;
pub mod list_orders;
pub mod place_order;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /orders: takes units from stock, and pays them if asked to.
    ("place_order", Function::Http(place_order::routes)),
    // GET /orders: the caller's, newest first.
    ("list_orders", Function::Http(list_orders::routes)),
    // GET /orders/{order_id}: one of the caller's, in any state.
    ("get_order", Function::Http(get_order::routes)),
    // DELETE /orders/{order_id}: gives a pending order up.
    ("cancel_order", Function::Http(cancel_order::routes)),
];
