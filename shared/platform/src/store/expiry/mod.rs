//! Closing the books of reservations and orders whose time has passed. Seats are free already; what is left is the
//! state that their owners see, and the seat limit. Units of an order and its coupon come back by this alone.

pub(crate) mod outcome;
pub mod sweep;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::keys;
use crate::store::expiry::outcome::ExpiryOutcome;
use crate::store::expiry::sweep::{Position, Swept};
use crate::store::orders;
use crate::store::orders::order_item::ORDER_KIND;
use crate::store::reservations::expire;
use crate::store::reservations::reservation_item::RESERVATION_KIND;
use onsale_domain::id::{OrderId, ReservationId};
use uuid::Uuid;

/// The kinds of purchases that expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiring {
    /// Reservations that are held or declined.
    Reservations,
    /// Orders that are pending or declined.
    Orders,
}

impl Expiring {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Reservations, Self::Orders];
}

/// One step of a sweep: closes the lapsed reservations or orders of one page of the expiry index, at most `most`.
///
/// # Errors
/// When the index cannot be read.
pub async fn sweep(
    app: &App,
    kind: Expiring,
    most: u16,
    position: Position,
) -> Result<(Swept, Option<Position>), Failure> {
    let (name, prefix) = match kind {
        Expiring::Reservations => (RESERVATION_KIND, keys::RESERVATION_PREFIX),
        Expiring::Orders => (ORDER_KIND, keys::ORDER_PREFIX),
    };
    sweep::step(app, name, most, position, |app, key| async move {
        let Some((user, id)) = keys::parse_owned(&key, prefix) else { return Ok(false) };
        let Ok(id) = id.parse::<Uuid>() else { return Ok(false) };
        let closed = match kind {
            Expiring::Reservations => expire::expire(&app, user, ReservationId(id)).await?,
            Expiring::Orders => orders::expire(&app, user, OrderId(id)).await?,
        };
        Ok(closed == ExpiryOutcome::Now)
    })
    .await
}
