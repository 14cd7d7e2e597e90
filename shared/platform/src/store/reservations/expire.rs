//! Expires reservations whose time has passed: by the sweep, or by their owner's next hold.

use aws_sdk_dynamodb::types::ReturnValue;
use onsale_domain::purchases::purchase::{Expire, Purchase, PurchaseState};
use onsale_domain::reservations::reservation::Reservation;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::keys::Key;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::purchases::{ExpiryOutcome, StoredPurchase};
use crate::store::reservations::reservation_item;

/// Expires the reservation at `key` if its time has passed: its state alone, for its seats are free already, and its
/// owner's limit is counted from the log.
pub(crate) async fn expire(app: &App, key: &Key) -> Result<ExpiryOutcome, Failure> {
    expire_within(Attempts::new(app), key).await
}

/// Expires a reservation that keeps its owner's next hold from its room.
pub(crate) async fn expire_for_another(attempts: Attempts<'_>, lapsed: &Reservation) -> Result<ExpiryOutcome, Failure> {
    expire_within(attempts, &reservation_item::key(lapsed)).await
}

async fn expire_within(mut attempts: Attempts<'_>, key: &Key) -> Result<ExpiryOutcome, Failure> {
    let app = attempts.app;
    loop {
        let item = query::get(app, key, Consistency::Strong).await?;
        let Some(read) = item.map(Reservation::read).transpose()? else { return Ok(ExpiryOutcome::Nothing) };
        match read.purchase.expire(app.now()) {
            Expire::Due => {}
            Expire::Before => return Ok(ExpiryOutcome::Before),
            Expire::Nothing => return Ok(ExpiryOutcome::Nothing),
        }
        let change = (read.purchase.state == PurchaseState::Open).then_some(EventKind::ReservationExpired);
        let after = read.clone().map_purchase(Purchase::released);
        match read.update(&after, change)?.run(app, ReturnValue::None).await {
            Ok(_) => return Ok(ExpiryOutcome::Now),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}
