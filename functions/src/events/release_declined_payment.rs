//! Queue `payments` — releases what a declined payment held: seats, or stock and coupon.
//!
//! Delivered twice, late or out of order it does the same once: what it writes is conditioned on the version of
//! the reservation or order, and a settled one is left alone.

use onsale_domain::id::{OrderId, ReservationId, UserId};
use onsale_platform::app::App;
use onsale_platform::events::{Data, Event, EventKind};
use onsale_platform::lambda::{Invocation, Retry, queue_batch};
use onsale_platform::store::orders;
use onsale_platform::store::reservations::cancel;
use serde_json::Value;

async fn handle(app: &App, event: &Event) -> Result<(), Retry> {
    match (event.kind, &event.data) {
        (EventKind::PaymentDeclined, Data::Reservation(data)) => {
            Ok(cancel::release_declined(app, UserId(data.user_id), ReservationId(data.reservation_id)).await?)
        }
        (EventKind::PaymentDeclined, Data::Order(data)) => {
            Ok(orders::release_declined(app, UserId(data.user_id), OrderId(data.order_id)).await?)
        }
        _ => Ok(()),
    }
}

/// Handles a batch of messages.
pub fn handler(app: App, batch: Value) -> Invocation {
    Box::pin(queue_batch(app, batch, handle))
}
