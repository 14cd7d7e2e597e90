//! Reservations: how they are read. A hold makes one, and each of the other files changes it.

pub mod cancel;
pub(crate) mod expire;
pub mod hold;
pub mod hold_best;
pub(crate) mod log;
pub(crate) mod reservation_item;

use std::future::ready;

use onsale_domain::id::{ReservationId, ScheduleId, UserId};
use onsale_domain::purchases::purchase::PurchaseState;
use onsale_domain::queue::QueueId;
use onsale_domain::reservations::log::RESERVATIONS_MAX;
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::{SeatId, SeatValue};
use onsale_domain::time::EpochSecond;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, number, text};
use crate::store::dynamodb::query::ListFailure;
use crate::store::purchases::StoredPurchase;
use crate::store::seats;
use crate::store::views::Page;

/// A reservation of a user, in any state.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, user: UserId, id: ReservationId) -> Result<Option<Reservation>, Failure> {
    log::find(app, user, id).await
}

/// The user's live reservation that holds this seat, if there is one.
///
/// # Errors
/// When the table fails.
pub async fn find_holding(
    app: &App,
    user: UserId,
    schedule: ScheduleId,
    seat: &SeatId,
) -> Result<Option<Reservation>, Failure> {
    let Some(SeatValue::Held { reservation, .. }) = seats::get_value(app, schedule, seat).await? else {
        return Ok(None);
    };
    let found = log::find_isolated(app, user, reservation).await?;
    Ok(found.filter(|found| {
        found.purchase.state_at(app.now()) == PurchaseState::Open && found.live_seats().any(|held| held == seat)
    }))
}

/// A page of a user's reservations, newest first.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list(app: &App, user: UserId, limit: u16, cursor: Option<&str>) -> Result<Page<Reservation>, ListFailure> {
    let show = |_, items: Vec<Item>| ready(items.into_iter().map(log::read_reservation).collect());
    log::newest_first(user).list(app, limit, cursor, show).await
}

/// Whether a user holds seats that were taken by an admission of this queue and may still be paid.
pub(crate) async fn has_live_hold(app: &App, user: UserId, queue: &QueueId) -> Result<bool, Failure> {
    let now = app.now();
    let values = vec![(":queue", text(queue.as_str())), (":now", number(EpochSecond::begun(now)))];
    let query = log::newest_first(user).filter("queue_id = :queue AND held_until >= :now", values);
    for item in query.all(app, RESERVATIONS_MAX.into()).await? {
        if Reservation::read(item)?.purchase.state_at(now) == PurchaseState::Open {
            return Ok(true);
        }
    }
    Ok(false)
}
