//! Expires reservations whose time has passed: by the sweep, or by their owner's next hold.

use aws_sdk_dynamodb::types::ReturnValue;
use onsale_domain::id::{ReservationId, ScheduleId, UserId};
use onsale_domain::purchases::lapses::Lapses;
use onsale_domain::purchases::purchase::{Expire, Purchase, PurchaseState};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::time::EpochSecond;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction};
use crate::store::purchases::guard::Guard;
use crate::store::purchases::{self, ExpiryOutcome, StoredPurchase};
use crate::store::reservations::get;
use crate::store::reservations::seat_limit::{self, SeatLimit};

/// Expires a reservation whose time has passed: state and seat limit, which counts the
/// lapse; its seats are free already.
pub(crate) async fn expire(app: &App, user: UserId, id: ReservationId) -> Result<ExpiryOutcome, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let Some(read) = get(app, user, id).await? else { return Ok(ExpiryOutcome::Nothing) };
        match read.purchase.expire(app.now()) {
            Expire::Due => {}
            Expire::Before => return Ok(ExpiryOutcome::Before),
            Expire::Nothing => return Ok(ExpiryOutcome::Nothing),
        }
        let change = (read.purchase.state == PurchaseState::Open).then_some(EventKind::ReservationExpired);
        let after = read.clone().map_purchase(Purchase::released);
        let limit = seat_limit::get(app, user, read.schedule_id).await?.unwrap_or_default();
        let Some(counted) = seat_limit::close_hold(&limit, &after) else {
            // Somebody else's ending may be half committed, or the table is wrong.
            let seen = purchases::get_isolated::<Reservation>(app, user, id).await?;
            if seen.is_some_and(|seen| seen.purchase.version == read.purchase.version) {
                return Err(Failure::Internal(format!("the seat limit of reservation {id} does not cover it")));
            }
            attempts.wait().await?;
            continue;
        };
        let mut transaction = Transaction::new();
        transaction.add(Guard::Version, read.update(&after, change)?);
        transaction.add(Guard::SeatLimit, counted);
        match transaction.commit(app).await {
            Ok(()) => return Ok(ExpiryOutcome::Now),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Brings a seat limit up to date that stands in the way of a hold: the user's own lapsed holds are ended, so that
/// nobody waits for the sweep, and holds that were paid are named no longer and make earlier lapses forgotten. `true`
/// if the seat limit is not what it was.
pub async fn close_expired_holds(
    app: &App,
    user: UserId,
    schedule: ScheduleId,
    read: &SeatLimit,
) -> Result<bool, Failure> {
    let now = EpochSecond::begun(app.now());
    let mut ended = false;
    for id in read.open.iter().filter(|(_, (until, _))| *until < now).map(|(id, _)| *id) {
        // Also if somebody else was faster: the seat limit is not what it was.
        ended |= expire(app, user, id).await? != ExpiryOutcome::Nothing;
    }
    if ended {
        return Ok(true);
    }
    let paused = read.lapses.check(app.now()).is_err();
    let mut over = Vec::new();
    let mut bought = false;
    for id in read.open.iter().filter(|(_, (until, _))| *until < now || paused).map(|(id, _)| *id) {
        let there = get(app, user, id).await?;
        bought |= there.as_ref().is_some_and(|there| there.purchase.state == PurchaseState::Paid);
        if there.is_none_or(|there| there.purchase.settled) {
            over.push(id);
        }
    }
    if over.is_empty() && read.first_end.is_none_or(|end| end >= now) {
        return Ok(false);
    }
    let lapses = if bought { Lapses::default() } else { read.lapses };
    match seat_limit::rewrite(read, user, schedule, &over, read.count, lapses).run(app, ReturnValue::None).await {
        // Whatever was in the way, the next try of the hold looks again.
        Ok(_) | Err(Rejected::Guards(_) | Rejected::Conflict(_) | Rejected::Throttled) => Ok(true),
        Err(Rejected::Failure(Failure::Unknown)) => Ok(true),
        Err(Rejected::Failure(failure)) => Err(failure),
    }
}
