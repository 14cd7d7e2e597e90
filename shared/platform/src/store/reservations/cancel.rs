//! Giving seats back: a reservation or one of its tickets cancelled by its owner, or released after a decline.

use onsale_domain::id::{ReservationId, UserId};
use onsale_domain::payments::purchase::{Cancel, Purchase};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::{BlockId, SeatId, SeatValue, group_by_block};

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::text;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction};
use crate::store::expiry::outcome::ExpiryOutcome;
use crate::store::payments::cancel_failure::CancelFailure;
use crate::store::payments::guard::Guard;
use crate::store::reservations::get;
use crate::store::reservations::{expire, reservation_item, seat_limit};
use crate::store::seats::read_block;
use crate::store::seats::{all_mine_condition, set_seats};

/// Gives back all seats of a held reservation, or one. What has ended stays as it is, and is a success.
///
/// # Errors
/// See [`CancelFailure`].
pub async fn cancel(
    app: &App,
    user: UserId,
    id: ReservationId,
    ticket: Option<&SeatId>,
) -> Result<Reservation, CancelFailure> {
    let mut attempts = Attempts::new(app);
    let mut gone: Vec<SeatId> = Vec::new();
    loop {
        let read = get(app, user, id).await?.ok_or(CancelFailure::NoReservation)?;
        let now = app.now();
        let decision = match ticket {
            Some(seat) => read.cancel_ticket(seat, now).ok_or(CancelFailure::NoReservation)??,
            None => read.purchase.cancel(now)?,
        };
        match decision {
            Cancel::AlreadyEnded => return Ok(read),
            Cancel::Close => match expire::expire(app, user, id).await? {
                ExpiryOutcome::Now | ExpiryOutcome::Before => return Ok(get(app, user, id).await?.unwrap_or(read)),
                // A payment that was decided in time was committed since: what it means is decided anew.
                ExpiryOutcome::Nothing => {
                    attempts.wait().await?;
                    continue;
                }
            },
            Cancel::Release => {}
        }
        let seats: Vec<SeatId> = match ticket {
            Some(seat) => vec![seat.clone()],
            None => read.live_seats().cloned().collect(),
        };
        let after = read.clone().without_seats(&seats);
        let change = after.purchase.settled.then_some(EventKind::ReservationCancelled);
        let ours: Vec<SeatId> = seats.iter().filter(|seat| !gone.contains(seat)).cloned().collect();
        match release(app, &read, &after, &ours, seats.len(), change).await {
            Ok(()) => return Ok(after),
            Err(rejected) => {
                if let Rejected::Guards(failed) = &rejected {
                    gone.extend(lost_seats(&read, &ours, failed)?);
                }
                attempts.wait_after(&rejected).await?;
            }
        }
    }
}

/// Writes a release: the blocks of the seats that are `ours`, the reservation as it is `after`, and `count` seats of
/// the seat limit.
async fn release(
    app: &App,
    read: &Reservation,
    after: &Reservation,
    ours: &[SeatId],
    count: usize,
    change: Option<EventKind>,
) -> Result<(), Rejected<Guard>> {
    let mut transaction = Transaction::new();
    for (index, (block, numbers)) in group_by_block(ours).iter().enumerate() {
        transaction.add(
            Guard::Seats(index),
            set_seats(read.schedule_id, block, numbers, SeatValue::Free)
                .when(all_mine_condition(numbers))
                .value(":mine", text(read.held_value().to_string())),
        );
    }
    transaction.add(Guard::Version, reservation_item::update(read, after, change)?);
    transaction.add(Guard::Allowance, seat_limit::give_back(after, count));
    transaction.commit(app).await
}

/// Seats of a reservation that failed block guards show in other hands: a faster clock took them over. Without the
/// block, which a deletion has removed, they are nobody's.
fn lost_seats(read: &Reservation, seats: &[SeatId], failed: &[FailedGuard<Guard>]) -> Result<Vec<SeatId>, Failure> {
    let mine = read.held_value();
    let blocks: Vec<BlockId> = group_by_block(seats).into_keys().collect();
    let mut lost = Vec::new();
    for failed in failed {
        let Guard::Seats(index) = failed.guard else { continue };
        let Some(block) = blocks.get(index) else { continue };
        let there = failed.old.as_ref().map(|old| read_block(&block.section, old)).transpose()?;
        let value = |seat: &SeatId| there.as_ref().and_then(|there| there.seats.get(&seat.number).copied());
        // A seat that names this reservation in another way is of a payment or cancellation that is being committed.
        let is_lost = |seat: &&SeatId| {
            value(seat) != Some(mine)
                && value(seat).and_then(SeatValue::owner) != Some(read.id)
                && seat.block() == *block
        };
        lost.extend(seats.iter().filter(is_lost).cloned());
    }
    Ok(lost)
}

/// Gives back the seats and seat limit of a declined reservation, once however often it is asked for.
///
/// # Errors
/// When the table fails.
pub async fn release_declined(app: &App, user: UserId, id: ReservationId) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    let mut gone: Vec<SeatId> = Vec::new();
    loop {
        let Some(read) = get(app, user, id).await? else { return Ok(()) };
        if !read.purchase.is_release_due() {
            return Ok(());
        }
        let seats: Vec<SeatId> = read.live_seats().cloned().collect();
        let after = read.clone().map_purchase(Purchase::released);
        let ours: Vec<SeatId> = seats.iter().filter(|seat| !gone.contains(seat)).cloned().collect();
        match release(app, &read, &after, &ours, seats.len(), None).await {
            Ok(()) => return Ok(()),
            Err(rejected) => {
                if let Rejected::Guards(failed) = &rejected {
                    gone.extend(lost_seats(&read, &ours, failed)?);
                }
                attempts.wait_after(&rejected).await?;
            }
        }
    }
}
