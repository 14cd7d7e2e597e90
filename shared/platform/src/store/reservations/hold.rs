//! Holding seats: all that are asked for, or none.

use std::sync::Arc;

use futures_util::future::try_join_all;
use jiff::SignedDuration;
use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::id::{ReservationId, ScheduleId, UserId};
use onsale_domain::queue::entry::{Admission, EntryState, QueueTokenError};
use onsale_domain::reservations::hold::{self, HoldError, HoldRequest};
use onsale_domain::reservations::log::{AppendError, ReservationLog};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::{BlockId, Label, SeatId, SeatState, SeatValue, group_by_block};
use onsale_domain::time::EpochSecond;

use crate::app::App;
use crate::auth::queue_token::{QueueCredentials, QueueTokenFailure};
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::concerts::{delete_schedule, schedules};
use crate::store::dynamodb::idempotency::{KeyReused, Once};
use crate::store::dynamodb::item::text;
use crate::store::dynamodb::query::Consistency;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction};
use crate::store::purchases::guard::Guard;
use crate::store::queue::entry_item;
use crate::store::reservations::{expire, log, reservation_item};
use crate::store::seats::{self, NOT_LEASED, read_block, set_seats};
use crate::store::views::Block;
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
    match decide(app, request, credentials).await {
        Ok((schedule, new)) => take_seats(app, &schedule, new).await,
        // A repeat of what succeeded is a success, also after the sale.
        Err(refused @ (HoldFailure::Refused(_) | HoldFailure::QueueToken(_))) => {
            find_replay(app, user, id, &fingerprint).await?.ok_or(refused)
        }
        Err(failure) => Err(failure),
    }
}

/// The success of the same request before this one, if it had one.
pub(super) async fn find_replay(
    app: &App,
    user: UserId,
    id: ReservationId,
    fingerprint: &str,
) -> Result<Option<Once<Reservation>>, HoldFailure> {
    let Some(there) = log::find_isolated(app, user, id).await? else { return Ok(None) };
    Ok(Some(Once::replay(there, |there| &there.fingerprint, fingerprint, false)?))
}

/// A date as somebody may buy from it.
pub(super) struct Entrance {
    /// The date, as this process knows it.
    pub(super) schedule: Arc<Schedule>,
    /// The admission, where a queue stands in front.
    admission: Option<Admission>,
}

impl Entrance {
    /// Admits a user to a date, whose `sections` are to be known. `None` if there is no such date.
    pub(super) async fn find(
        app: &App,
        (user, schedule): (UserId, ScheduleId),
        sections: impl IntoIterator<Item = &Label>,
        credentials: &QueueCredentials,
    ) -> Result<Option<Self>, HoldFailure> {
        let Some(schedule) = schedules::with_sections(app, schedule, sections).await? else { return Ok(None) };
        let admission = match &schedule.queue {
            Some(queue) => credentials.entry(app, user, queue).await?,
            None => None,
        };
        Ok(Some(Self { schedule, admission }))
    }

    /// Number in the queue of whoever came in by one.
    pub(super) fn number(&self) -> Option<u64> {
        self.admission.as_ref().map(|admission| admission.number)
    }

    /// Asks the domain.
    pub(super) fn reserve(&self, app: &App, request: HoldRequest) -> Result<Reservation, HoldError> {
        let lasting = SignedDuration::from_secs(app.config().hold_seconds.into());
        hold::hold(request, &self.schedule, lasting, self.admission.clone(), app.now())
    }
}

/// Asks the domain, with the schedule as this process knows it.
async fn decide(
    app: &App,
    request: HoldRequest,
    credentials: &QueueCredentials,
) -> Result<(Arc<Schedule>, Reservation), HoldFailure> {
    let sections = request.seats.iter().map(|seat| &seat.section);
    let Some(entrance) = Entrance::find(app, (request.user, request.schedule), sections, credentials).await? else {
        return Err(no_schedule(app, request.schedule, request.seats).await?);
    };
    let reservation = entrance.reserve(app, request)?;
    Ok((entrance.schedule, reservation))
}

/// Why seats of a date that is not there are not held.
pub(super) async fn no_schedule(app: &App, id: ScheduleId, seats: Vec<SeatId>) -> Result<HoldFailure, Failure> {
    // A deletion that may yet come to nothing is no reason to say that a seat does not exist.
    let is_pending = delete_schedule::is_pending(app, id).await?;
    Ok(if is_pending { Failure::Busy.into() } else { HoldError::SeatNotFound(seats).into() })
}

/// Takes all seats of a new reservation, or none: a look at its blocks and at its owner's log, then one transaction of
/// the blocks and of the next number of the log. In a rush most are refused, and a refusal of the table would cost as
/// much as a hold, and keep others from the block meanwhile.
pub(super) async fn take_seats(
    app: &App,
    schedule: &Schedule,
    new: Reservation,
) -> Result<Once<Reservation>, HoldFailure> {
    let blocks: Vec<WantedSeats> = group_by_block(new.live_seats()).into_iter().collect();
    let mut attempts = Attempts::new(app);
    let mut obstacle = look(&mut attempts, &new, &blocks).await?;
    let mut last = None;
    loop {
        // Read after the seats: whose are named as ours is ours by now.
        let log = log::read(attempts.of_another(), new.user).await?;
        if let Some(there) = log.find(new.id) {
            // Our own first success may be what stands in the way: its answer can get lost, ours or an earlier one's.
            let ours = last.as_ref().is_some_and(|rejected| attempts.may_have_done(rejected));
            return Ok(Once::replay(there.clone(), |there| &there.fingerprint, &new.fingerprint, ours)?);
        }
        if let Some(obstacle) = obstacle {
            return Err(refuse(app, &new, &log, obstacle).await?);
        }
        if let Some(rejected) = last {
            attempts.wait_after(&rejected).await?;
        }
        let Some(numbered) = number(&attempts, schedule, &new, &log).await? else {
            (obstacle, last) = (None, None);
            continue;
        };
        let rejected = match hold_transaction(app, &numbered, &blocks)?.commit(app).await {
            Ok(()) => return Ok(Once::New(numbered)),
            Err(rejected) => rejected,
        };
        obstacle = match &rejected {
            Rejected::Guards(failed) => judge(app, &new, &blocks, failed).await?,
            // A block in demand is in one transaction at a time, and its partition takes so many a second: whoever
            // collides or is throttled looks, so that a crowd learns that a seat is gone instead of trying until its
            // time is up.
            Rejected::Conflict(_) | Rejected::Throttled => look(&mut attempts, &new, &blocks).await?,
            Rejected::Failure(_) => None,
        };
        last = Some(rejected);
    }
}

/// The reservation with the next number of its owner's log. `None` if the log is not what it was: own holds whose time
/// has passed stood in the way of the limit and were ended, so that nobody waits for the sweep.
async fn number(
    attempts: &Attempts<'_>,
    schedule: &Schedule,
    new: &Reservation,
    log: &ReservationLog,
) -> Result<Option<Reservation>, HoldFailure> {
    match log.append(new.clone(), schedule.max_seats_per_user, attempts.app.now()) {
        Ok(numbered) => Ok(Some(numbered)),
        Err(AppendError::Full) => Err(HoldError::LogFull.into()),
        Err(AppendError::Paused(paused)) => Err(HoldError::from(paused).into()),
        Err(AppendError::SeatLimit(limit)) => Err(HoldError::SeatLimit(limit).into()),
        Err(AppendError::Lapsed(lapsed)) => {
            try_join_all(
                lapsed.iter().map(|reservation| expire::expire_for_another(attempts.of_another(), reservation)),
            )
            .await?;
            Ok(None)
        }
    }
}

fn hold_transaction(app: &App, new: &Reservation, blocks: &[WantedSeats]) -> Result<Transaction<Guard>, Failure> {
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
    if let Some((queue, number)) = &new.admitted_by {
        transaction.add(Guard::Admission, entry_item::add_hold(new.user, queue, *number, app.now()));
    }
    Ok(transaction)
}

/// Seats of one block that are to be held.
type WantedSeats = (BlockId, Vec<u16>);

/// What keeps seats from being held, whatever is tried again.
enum Obstacle {
    /// There are no such seats.
    Missing(Vec<SeatId>),
    /// They are taken, as these values say.
    Taken(Vec<(SeatId, SeatValue)>),
    /// The admission has ended.
    AdmissionEnded,
}

impl Obstacle {
    /// The obstacle that blocks show at `now`, each as it was read, if one is there; none, if one of them shows the
    /// hold of `new` itself: by a try whose answer is still on its way, or by the same request sent twice.
    fn find(new: &Reservation, blocks: &[(&WantedSeats, Option<Block>)], now: EpochSecond) -> Option<Self> {
        if blocks.iter().any(|(_, there)| there.as_ref().is_some_and(|there| there.is_of_reservation(new.id, now))) {
            return None;
        }
        let (mut missing, mut taken) = (Vec::new(), Vec::new());
        for ((block, numbers), there) in blocks {
            for number in numbers {
                let seat = SeatId { section: block.section.clone(), row: block.row.clone(), number: *number };
                match there.as_ref().and_then(|there| there.seats.get(number)) {
                    None => missing.push(seat),
                    Some(value) if value.state(now) == SeatState::Available => {}
                    Some(value) => taken.push((seat, *value)),
                }
            }
        }
        if missing.is_empty() {
            (!taken.is_empty()).then_some(Self::Taken(taken))
        } else {
            Some(Self::Missing(missing))
        }
    }
}

/// Looks whether the seats can be had by now; again, while so many look that the table refuses some.
async fn look(
    attempts: &mut Attempts<'_>,
    new: &Reservation,
    blocks: &[WantedSeats],
) -> Result<Option<Obstacle>, Failure> {
    let ids: Vec<&BlockId> = blocks.iter().map(|(id, _)| id).collect();
    loop {
        match seats::get_blocks(attempts.app, new.schedule_id, &ids).await {
            Ok(there) => {
                let read: Vec<_> = blocks.iter().zip(there).collect();
                return Ok(Obstacle::find(new, &read, EpochSecond::begun(attempts.app.now())));
            }
            Err(Failure::Busy) => attempts.wait_longer().await?,
            Err(failure) => return Err(failure),
        }
    }
}

/// The obstacle that failed guards show, if it is one and not stale.
async fn judge(
    app: &App,
    new: &Reservation,
    blocks: &[WantedSeats],
    failed: &[FailedGuard<Guard>],
) -> Result<Option<Obstacle>, Failure> {
    if failed.iter().any(|failed| failed.guard == Guard::Admission) {
        return Ok(Some(Obstacle::AdmissionEnded));
    }
    let now = EpochSecond::begun(app.now());
    let (mut read, mut leased) = (Vec::new(), false);
    for FailedGuard { guard, old } in failed {
        let Guard::Seats(index) = guard else { continue };
        let block = &blocks[*index];
        let there = old.as_ref().map(|old| read_block(&block.0.section, old)).transpose()?;
        let lease = there.as_ref().and_then(|there| there.lease.as_ref());
        leased |= lease.is_some_and(|until| *until >= now.to_hex());
        read.push((block, there));
    }
    let gone = leased && schedules::get(app, new.schedule_id).await?.is_none();
    if gone && !delete_schedule::is_pending(app, new.schedule_id).await? {
        return Ok(Some(Obstacle::Missing(new.live_seats().cloned().collect())));
    }
    Ok(Obstacle::find(new, &read, now))
}

/// The refusal of an obstacle.
async fn refuse(
    app: &App,
    new: &Reservation,
    log: &ReservationLog,
    obstacle: Obstacle,
) -> Result<HoldFailure, Failure> {
    Ok(match obstacle {
        Obstacle::AdmissionEnded => QueueTokenError::Ended.into(),
        // Who may not buy any more is not told who does.
        _ if !admission_lasts(app, new).await? => QueueTokenError::Ended.into(),
        Obstacle::Missing(seats) => HoldError::SeatNotFound(seats).into(),
        Obstacle::Taken(taken) => taken_by(log, taken).into(),
    })
}

/// Whether the admission that a reservation is made with lasts; where no queue is, none is needed.
async fn admission_lasts(app: &App, new: &Reservation) -> Result<bool, Failure> {
    let Some((queue, number)) = &new.admitted_by else { return Ok(true) };
    let entry = entry_item::get(app, new.user, queue, Consistency::Strong).await?;
    let state = entry.filter(|entry| entry.number == *number).map(|entry| entry.state_at(app.now()));
    Ok(state == Some(EntryState::Admitted))
}

/// The owner of taken seats, as the user of `log` may know it: somebody else, if only one of them is somebody else's;
/// or the user, by a reservation made before. One that another request of the same user commits at this very moment may
/// not be in the log yet, and then counts as somebody else's: to wait for it would cost every refusal two units more.
fn taken_by(log: &ReservationLog, taken: Vec<(SeatId, SeatValue)>) -> HoldError {
    let own = log.own(&taken.iter().filter_map(|(_, value)| value.owner()).collect());
    let is_own = |value: &SeatValue| value.owner().is_some_and(|owner| own.contains(&owner));
    let others: Vec<SeatId> = taken.iter().filter(|(_, value)| !is_own(value)).map(|(seat, _)| seat.clone()).collect();
    let first = taken.first().and_then(|(_, value)| Some((value.owner()?, *value)));
    let Some((reservation, value)) = first.filter(|_| others.is_empty()) else {
        return HoldError::SeatTaken(others);
    };
    let seats = taken.into_iter().filter(|(_, value)| value.owner() == Some(reservation)).map(|(seat, _)| seat);
    HoldError::SeatYours { seats: seats.collect(), reservation, paid: matches!(value, SeatValue::Sold { .. }) }
}
