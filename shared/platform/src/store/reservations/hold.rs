//! Holding seats: all that are asked for, or none.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::id::{ReservationId, UserId};
use onsale_domain::queue::entry::{EntryState, QueueTokenError};
use onsale_domain::reservations::hold::{self, HoldError, HoldRequest};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::{BlockId, SeatId, SeatState, SeatValue, group_by_block};
use onsale_domain::time::EpochSecond;

use crate::app::App;
use crate::auth::queue_token::{QueueCredentials, QueueTokenFailure};
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::concerts::{delete_schedule, schedules};
use crate::store::dynamodb::idempotency::{KeyReused, Once};
use crate::store::dynamodb::item::{Item, text};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction};
use crate::store::purchases;
use crate::store::purchases::guard::Guard;
use crate::store::queue::entry_item;
use crate::store::reservations::{expire, get, reservation_item, seat_limit};
use crate::store::seats::{self, NOT_LEASED, read_block, set_seats};
use crate::telemetry::logs;

/// Why seats were not held.
#[derive(Debug, thiserror::Error)]
pub enum HoldFailure {
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] HoldError),
    /// By the guard of the concert's queue.
    #[error(transparent)]
    QueueToken(#[from] QueueTokenError),
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<QueueTokenFailure> for HoldFailure {
    fn from(failure: QueueTokenFailure) -> Self {
        match failure {
            QueueTokenFailure::Refused(refused) => refused.into(),
            QueueTokenFailure::Failure(failure) => failure.into(),
        }
    }
}

/// Holds seats, all or none; the reservation as it is then.
///
/// # Errors
/// See [`HoldFailure`]; of several reasons the first in the order of [`HoldError`].
pub async fn hold(
    app: &App,
    request: HoldRequest,
    credentials: &QueueCredentials,
) -> Result<Once<Reservation>, HoldFailure> {
    logs::record_id("reservation_id", request.id);
    let (user, id, fingerprint) = (request.user, request.id, request.fingerprint.clone());
    let decided = decide(app, request, credentials).await;
    match decided {
        Ok((schedule, new)) => take_seats(app, &schedule, new).await,
        // A repeat of what succeeded is a success, also after the sale.
        Err(refused @ (HoldFailure::Refused(_) | HoldFailure::QueueToken(_))) => {
            match purchases::get_isolated::<Reservation>(app, user, id).await? {
                Some(there) => Ok(Once::replay(there, |there| &there.fingerprint, &fingerprint, false)?),
                None => Err(refused),
            }
        }
        Err(failure) => Err(failure),
    }
}

/// Asks the domain, with the schedule as this process knows it.
async fn decide(
    app: &App,
    request: HoldRequest,
    credentials: &QueueCredentials,
) -> Result<(Arc<Schedule>, Reservation), HoldFailure> {
    let sections = request.seats.iter().map(|seat| &seat.section);
    let schedule = schedules::with_sections(app, request.schedule, sections).await?;
    let Some(schedule) = schedule else {
        // A deletion that may yet come to nothing is no reason to say that a seat does not exist.
        if delete_schedule::is_pending(app, request.schedule).await? {
            return Err(Failure::Busy.into());
        }
        return Err(HoldError::SeatNotFound(request.seats).into());
    };
    let admission = match &schedule.queue {
        Some(queue) if !credentials.by_administrator => Some(credentials.admission(app, request.user, queue).await?),
        Some(_) | None => None,
    };
    let lasting = SignedDuration::from_secs(app.config().hold_seconds.into());
    let reservation = hold::hold(request, &schedule, lasting, admission, app.now())?;
    Ok((schedule, reservation))
}

/// Takes all seats of a new reservation, or none: a look at its blocks, then one transaction of these, itself and the
/// seat limit. In a rush most are refused, and a refusal of the table would cost as much as a hold, and keep others
/// from the block meanwhile.
async fn take_seats(app: &App, schedule: &Schedule, new: Reservation) -> Result<Once<Reservation>, HoldFailure> {
    let blocks: Vec<(BlockId, Vec<u16>)> = group_by_block(new.live_seats()).into_iter().collect();
    refuse_if_taken(app, &new, &blocks).await?;
    let mut attempts = Attempts::new(app);
    loop {
        let rejected = match hold_transaction(app, schedule, &new, &blocks)?.commit(app).await {
            Ok(()) => return Ok(Once::New(new)),
            Err(rejected) => rejected,
        };
        // Our own first success may be what stands in the way: its answer can get lost, ours or an earlier one's.
        if let Some(there) = get(app, new.user, new.id).await? {
            let ours = attempts.may_have_done(&rejected);
            return Ok(Once::replay(there, |there| &there.fingerprint, &new.fingerprint, ours)?);
        }
        match &rejected {
            Rejected::Guards(failed) => refuse_or_retry(app, schedule, &new, &blocks, failed).await?,
            Rejected::Conflict(with) if with.iter().any(|guard| matches!(guard, Guard::Seats(_))) => {
                refuse_if_taken(app, &new, &blocks).await?;
            }
            Rejected::Conflict(_) | Rejected::Throttled | Rejected::Failure(_) => {}
        }
        attempts.wait_after(&rejected).await?;
    }
}

fn hold_transaction(
    app: &App,
    schedule: &Schedule,
    new: &Reservation,
    blocks: &[(BlockId, Vec<u16>)],
) -> Result<Transaction<Guard>, Failure> {
    let now = text(EpochSecond::begun(app.now()).to_hex());
    let mut transaction = Transaction::new();
    for (index, (block, numbers)) in blocks.iter().enumerate() {
        // `-` of a free seat and the end of a lapsed hold sort before now, `~` of a sold one after: see `SeatValue`.
        let free: Vec<String> = numbers.iter().map(|number| format!("#{number} < :now")).collect();
        let condition = format!("{NOT_LEASED} AND {}", free.join(" AND "));
        let write = set_seats(new.schedule_id, block, numbers, new.held_value()).when(condition);
        transaction.add(Guard::Seats(index), write.value(":now", now.clone()));
    }
    transaction.add(Guard::New, reservation_item::create(new, EventKind::ReservationHeld)?);
    transaction.add(Guard::SeatLimit, seat_limit::add_hold(new, schedule.max_seats_per_user, app.now()));
    if let Some((queue, number)) = &new.admitted_by {
        transaction.add(Guard::Admission, entry_item::add_hold(new.user, queue, *number, app.now()));
    }
    Ok(transaction)
}

/// Says why seats cannot be had, or returns for another try when that has changed meanwhile.
async fn refuse_or_retry(
    app: &App,
    schedule: &Schedule,
    new: &Reservation,
    blocks: &[(BlockId, Vec<u16>)],
    failed: &[FailedGuard<Guard>],
) -> Result<(), HoldFailure> {
    let now = EpochSecond::begun(app.now());
    let (mut missing, mut taken, mut leased, mut limit) = (Vec::new(), Vec::new(), false, None);
    for FailedGuard { guard, old } in failed {
        match guard {
            Guard::Seats(index) => {
                let (block, numbers) = &blocks[*index];
                let there = old.as_ref().map(|old| read_block(&block.section, old)).transpose()?;
                if there.as_ref().is_some_and(|there| there.is_of_reservation(new.id, now)) {
                    // Our own hold, of which not every item is to be seen yet.
                    return Ok(());
                }
                let bound = now.to_hex();
                leased |= there.as_ref().and_then(|there| there.lease.as_ref()).is_some_and(|until| *until >= bound);
                for number in numbers {
                    let seat = SeatId { section: block.section.clone(), row: block.row.clone(), number: *number };
                    match there.as_ref().and_then(|there| there.seats.get(number)) {
                        None => missing.push(seat),
                        Some(value) if value.state(now) == SeatState::Available => {}
                        Some(value) => taken.push((seat, *value)),
                    }
                }
            }
            Guard::SeatLimit => limit = old.as_ref(),
            Guard::Admission => return Err(QueueTokenError::Ended.into()),
            _ => {}
        }
    }
    let gone = leased && schedules::get(app, schedule.id).await?.is_none();
    if gone && !delete_schedule::is_pending(app, schedule.id).await? {
        return Err(HoldError::SeatNotFound(new.live_seats().cloned().collect()).into());
    }
    if !missing.is_empty() {
        return Err(HoldError::SeatNotFound(missing).into());
    }
    if !taken.is_empty() {
        return refuse_as_taken(app, new, taken).await;
    }
    match limit {
        // Our own hold is counted, and not to be seen yet.
        Some(old) if seat_limit::includes(old, new.id) => Ok(()),
        Some(old) => refuse_by_seat_limit(app, schedule, new, old).await,
        None => Ok(()),
    }
}

/// Refuses seats that are taken by now. A block in demand is in one transaction at a time: whoever comes or collides
/// looks, so that a crowd learns that a seat is gone instead of trying until its time is up. What is not there at all,
/// the transaction tells.
async fn refuse_if_taken(app: &App, new: &Reservation, blocks: &[(BlockId, Vec<u16>)]) -> Result<(), HoldFailure> {
    let now = EpochSecond::begun(app.now());
    let mut taken = Vec::new();
    for (id, numbers) in blocks {
        let Some(block) = seats::get_block(app, new.schedule_id, id, Consistency::Strong).await? else { return Ok(()) };
        if block.is_of_reservation(new.id, now) {
            // Ours, by a try whose answer is still on its way or by the same request sent twice.
            return Ok(());
        }
        for number in numbers {
            let Some(value) = block.seats.get(number) else { return Ok(()) };
            if value.state(now) != SeatState::Available {
                taken.push((SeatId { section: id.section.clone(), row: id.row.clone(), number: *number }, *value));
            }
        }
    }
    if taken.is_empty() { Ok(()) } else { refuse_as_taken(app, new, taken).await }
}

/// Refuses seats that are taken, or returns for another try if the same request, sent twice, got them meanwhile: a
/// client must not be refused what it has.
async fn refuse_as_taken(app: &App, new: &Reservation, taken: Vec<(SeatId, SeatValue)>) -> Result<(), HoldFailure> {
    let refused: HoldFailure = if admission_lasts(app, new).await? {
        taken_by(app, new.user, taken).await?.into()
    } else {
        // Who may not buy any more is not told who does.
        QueueTokenError::Ended.into()
    };
    match get(app, new.user, new.id).await? {
        Some(_) => Ok(()),
        None => Err(refused),
    }
}

/// Whether the admission that a reservation is made with lasts; where no queue is, none is needed.
async fn admission_lasts(app: &App, new: &Reservation) -> Result<bool, Failure> {
    let Some((queue, number)) = &new.admitted_by else { return Ok(true) };
    let entry = entry_item::get(app, new.user, queue, Consistency::Strong).await?;
    let state = entry.filter(|entry| entry.number == *number).map(|entry| entry.state_at(app.now()));
    Ok(state == Some(EntryState::Admitted))
}

/// The owner of taken seats, as `user` may know it: somebody else, if only one of them is somebody else's; or the
/// user, by a reservation made before. Reservations that are just being made are waited for.
async fn taken_by(app: &App, user: UserId, taken: Vec<(SeatId, SeatValue)>) -> Result<HoldError, Failure> {
    let named: BTreeSet<ReservationId> = taken.iter().filter_map(|(_, value)| value.owner()).collect();
    let keys: Vec<keys::Key> = named.iter().map(|id| keys::reservation(user, *id)).collect();
    let there = query::transact_get(app, &keys).await?;
    let own: BTreeSet<ReservationId> =
        named.into_iter().zip(there).filter(|(_, item)| item.is_some()).map(|(id, _)| id).collect();
    let is_own = |value: &SeatValue| value.owner().is_some_and(|owner| own.contains(&owner));
    let others: Vec<SeatId> = taken.iter().filter(|(_, value)| !is_own(value)).map(|(seat, _)| seat.clone()).collect();
    let first = taken.first().and_then(|(_, value)| Some((value.owner()?, *value)));
    let Some((reservation, value)) = first.filter(|_| others.is_empty()) else {
        return Ok(HoldError::SeatTaken(others));
    };
    let seats = taken.into_iter().filter(|(_, value)| value.owner() == Some(reservation)).map(|(seat, _)| seat);
    Ok(HoldError::SeatYours { seats: seats.collect(), reservation, paid: matches!(value, SeatValue::Sold { .. }) })
}

/// Says why a user's seat limit is in the way of a hold: a pause, or the limit. Nothing, if it is no longer as it was.
async fn refuse_by_seat_limit(
    app: &App,
    schedule: &Schedule,
    new: &Reservation,
    old: &Item,
) -> Result<(), HoldFailure> {
    let read = seat_limit::read(old)?;
    if expire::close_expired_holds(app, new.user, new.schedule_id, &read).await? {
        return Ok(());
    }
    read.lapses.check(app.now()).map_err(HoldError::from)?;
    let wanted = i64::try_from(new.live_tickets().count()).unwrap_or(i64::MAX);
    if read.count + wanted > i64::from(schedule.max_seats_per_user) {
        return Err(HoldError::SeatLimit(schedule.max_seats_per_user).into());
    }
    // The pause ended a moment ago.
    Ok(())
}
