//! Giving seats back: a reservation or one of its tickets cancelled by its owner, or released after a decline.

use jiff::Timestamp;
use onsale_domain::id::{ReservationId, UserId};
use onsale_domain::purchases::purchase::{Cancel, Purchase};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::{BlockId, SeatId, SeatValue, group_by_block};

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::text;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction};
use crate::store::purchases::cancel_failure::CancelFailure;
use crate::store::purchases::guard::Guard;
use crate::store::purchases::{ExpiryOutcome, StoredPurchase};
use crate::store::reservations::reservation_item::key;
use crate::store::reservations::{expire, get};
use crate::store::seats::read_block;
use crate::store::seats::{all_mine_condition, set_seats};
use crate::store::tickets::door::{self, AfterScan};

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
    let ended = end_reservation(app, user, id, |read| {
        let now = app.now();
        let decision = match ticket {
            Some(seat) => read.cancel_ticket(seat, now).ok_or(CancelFailure::NoReservation)??,
            None => read.purchase.cancel(now)?,
        };
        Ok::<_, CancelFailure>(match decision {
            Cancel::AlreadyEnded => Ending::Stay,
            Cancel::Expire => Ending::Expire,
            Cancel::Release => {
                let seats: Vec<SeatId> = match ticket {
                    Some(seat) => vec![seat.clone()],
                    None => read.live_seats().cloned().collect(),
                };
                let after = read.clone().without_seats(&seats);
                let change = after.purchase.settled.then_some(EventKind::ReservationCancelled);
                Ending::Release { seats, after: Box::new(after), change }
            }
        })
    });
    ended.await?.ok_or(CancelFailure::NoReservation)
}

/// Gives back the seats of a declined reservation, once however often it is asked for.
///
/// # Errors
/// When the table fails.
pub async fn release_declined(app: &App, user: UserId, id: ReservationId) -> Result<(), Failure> {
    let ended = end_reservation(app, user, id, |read| {
        if !read.purchase.is_release_due() {
            return Ok::<_, Failure>(Ending::Stay);
        }
        let seats = read.live_seats().cloned().collect();
        let after = Box::new(read.clone().map_purchase(Purchase::released));
        Ok(Ending::Release { seats, after, change: None })
    });
    ended.await.map(drop)
}

/// What becomes of a reservation.
enum Ending {
    /// It stays as it is.
    Stay,
    /// It is ended, for its time has passed.
    Expire,
    /// It gives these seats back, is as it is `after`, and tells the world of `change`.
    Release { seats: Vec<SeatId>, after: Box<Reservation>, change: Option<EventKind> },
}

/// Ends a reservation, or a part of it, as `decide` says of what was read. Gives it as it stands then; `None` if there
/// is none.
async fn end_reservation<E: From<Failure>>(
    app: &App,
    user: UserId,
    id: ReservationId,
    decide: impl Fn(&Reservation) -> Result<Ending, E>,
) -> Result<Option<Reservation>, E> {
    let mut attempts = Attempts::new(app);
    let mut gone: Vec<SeatId> = Vec::new();
    loop {
        let Some(read) = get(app, user, id).await? else { return Ok(None) };
        let (seats, after, change) = match decide(&read)? {
            Ending::Stay => return Ok(Some(read)),
            Ending::Expire => match expire::expire(app, &key(&read)).await? {
                ExpiryOutcome::Now | ExpiryOutcome::Before => {
                    return Ok(Some(get(app, user, id).await?.unwrap_or(read)));
                }
                // A payment that was decided in time was committed since: what it means is decided anew.
                ExpiryOutcome::Nothing => {
                    attempts.wait().await?;
                    continue;
                }
            },
            Ending::Release { seats, after, change } => (seats, after, change),
        };
        let ours: Vec<SeatId> = seats.iter().filter(|seat| !gone.contains(seat)).cloned().collect();
        let transaction = free_seats_transaction(&read, &after, &ours, change)?;
        match transaction.commit(app).await {
            Ok(()) => return Ok(Some(*after)),
            Err(rejected) => {
                if let Rejected::Guards(failed) = &rejected {
                    gone.extend(lost_seats(&read, &ours, failed)?);
                }
                attempts.wait_after(&rejected).await?;
            }
        }
    }
}

/// The reservation as it is `after`, and these seats of it free, which are its own. The reservation's version is what
/// makes it happen once.
fn free_seats_transaction(
    read: &Reservation,
    after: &Reservation,
    seats: &[SeatId],
    change: Option<EventKind>,
) -> Result<Transaction<Guard>, Failure> {
    let mut transaction = Transaction::new();
    for (index, (block, numbers)) in group_by_block(seats).iter().enumerate() {
        transaction.add(
            Guard::Seats(index),
            set_seats(read.schedule_id, block, numbers, SeatValue::Free)
                .when(all_mine_condition(numbers))
                .value(":mine", text(read.seat_value().to_string())),
        );
    }
    transaction.add(Guard::Version, read.update(after, change)?);
    Ok(transaction)
}

/// The same of seats that were sold, whose codes end with it.
pub(crate) fn unsell_transaction(
    read: &Reservation,
    after: &Reservation,
    seats: &[SeatId],
    change: EventKind,
    (now, scan): (Timestamp, AfterScan),
) -> Result<Transaction<Guard>, Failure> {
    let mut transaction = free_seats_transaction(read, after, seats, Some(change))?;
    if let Some(write) = door::end_codes(read, after, now, scan) {
        transaction.add(Guard::Unscanned, write);
    }
    Ok(transaction)
}

/// Seats of a reservation that failed block guards show in other hands: a faster clock took them over. Without the
/// block, which a deletion has removed, they are nobody's.
fn lost_seats(read: &Reservation, seats: &[SeatId], failed: &[FailedGuard<Guard>]) -> Result<Vec<SeatId>, Failure> {
    let mine = read.seat_value();
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
