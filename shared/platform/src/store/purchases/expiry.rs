//! Expires reservations and orders whose time has passed. Seats are free already; what is left is the
//! state that their owners see. Units of an order and its coupon come back by this alone.

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::keys;
use crate::store::dynamodb::sweep::{self, Swept};
use crate::store::orders;
use crate::store::orders::order_item::ORDER_KIND;
use crate::store::purchases::ExpiryOutcome;
use crate::store::reservations::expire;
use crate::store::reservations::reservation_item::RESERVATION_KIND;

/// Ends the orders and reservations that have lapsed: of each at most `steps_max` pages of at most `page_max`. Orders
/// come first: their units are wanted, a lapsed seat is free already.
///
/// # Errors
/// When the index cannot be read.
pub async fn sweep(app: &App, page_max: u16, steps_max: usize) -> Result<Swept, Failure> {
    let orders = sweep::run(app, ORDER_KIND, page_max, steps_max, |app, key| async move {
        let Some((user, id)) = keys::parse_owned(&key, keys::ORDER_PREFIX) else { return Ok(false) };
        let Ok(id) = id.parse() else { return Ok(false) };
        Ok(orders::expire(&app, user, id).await? == ExpiryOutcome::Now)
    })
    .await?;
    let reservations = sweep::run(app, RESERVATION_KIND, page_max, steps_max, |app, key| async move {
        Ok(expire::expire(&app, &key).await? == ExpiryOutcome::Now)
    })
    .await?;
    Ok(orders.and(reservations).told(app))
}
