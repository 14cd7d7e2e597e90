//! Reservations: seats held for one buyer, given back, or closed when their time has passed.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use onsale_domain::money::Price;
use onsale_domain::reservation::{
    self, AlreadyPaid, Cancel, HoldError, HoldRequest, Payment, Reservation, State, Ticket,
};
use onsale_domain::schedule::Schedule;
use onsale_domain::seat::{BlockId, SeatId, SeatState, SeatValue, as_bound, by_block, from_short, second, short};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::item::{Item, from_item, key_of, number, text, to_item, unreadable, value};
use super::read::{self, Consistency, ListError, Page, Query};
use super::seats::{self, read_block};
use super::write::{FailedGuard, Rejected, Transaction, Write};
use super::{Attempts, Failure, schedules, table};
use crate::app::App;
use crate::events::Kind;

/// Kind of reservations on the expiry index.
const RESERVATION_KIND: &str = "rsv";
/// How long a reservation that ended unpaid stays readable: 90 days, longer than any repeat of its request.
const ENDED_KEPT_SECONDS: i64 = 90 * 86_400;
/// How long an allowance outlives its concert.
const ALLOWANCE_KEPT_SECONDS: i64 = 30 * 86_400;

#[derive(Serialize, Deserialize)]
struct TicketItem {
    id: String,
    price: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cancelled: bool,
}

#[derive(Serialize, Deserialize)]
struct PaymentItem {
    amount: i64,
    paid_at: i64,
    refunded: i64,
    key: String,
}

#[derive(Serialize, Deserialize)]
struct ReservationItem {
    owner: String,
    created_at: i64,
    schedule_id: Uuid,
    concert_id: Uuid,
    place: String,
    starts_at: i64,
    held_until: u32,
    state: String,
    tickets: Vec<TicketItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentItem>,
    #[serde(default)]
    declines: u32,
    version: u64,
    fingerprint: String,
    /// What this version tells the world; the stream is read by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    /// There while seats or allowance are still to be given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiry_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

/// What each item of a reservation's transactions guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// The block at this place of the request's blocks has its seats as they must be.
    Seats(usize),
    /// The reservation is not there yet.
    New,
    /// The reservation is at the version that was read.
    Version,
    /// The user's limit is kept.
    Allowance,
    /// The wallet is at the entry that was read.
    Wallet,
    /// The ledger entry is not there yet.
    Entry,
}

/// What holding came to.
#[derive(Clone, Debug)]
pub struct Held {
    /// The reservation as it is now.
    pub reservation: Reservation,
    /// Whether it was there already, under the same key.
    pub replayed: bool,
}

/// Why seats were not held.
#[derive(Debug, thiserror::Error)]
pub enum HoldFailure {
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] HoldError),
    /// The key was used for another request.
    #[error("key reused")]
    KeyReused,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Seats somebody wants, under the id of the reservation to make.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Id of the reservation.
    pub id: Uuid,
    /// The buyer.
    pub user: Uuid,
    /// The date.
    pub schedule: Uuid,
    /// The seats, as `seat_list` passed them.
    pub seats: Vec<SeatId>,
    /// Digest of the request.
    pub fingerprint: String,
}

/// Holds seats, all or none.
///
/// # Errors
/// See [`HoldFailure`]; of several reasons the first in the order of [`HoldError`].
pub async fn hold(app: &App, wanted: Wanted) -> Result<Held, HoldFailure> {
    let (user, id, fingerprint) = (wanted.user, wanted.id, wanted.fingerprint.clone());
    let decided = decide(app, wanted).await;
    match decided {
        Ok((schedule, new)) => take(app, &schedule, new).await,
        // A repeat of what succeeded is a success, also after the sale.
        Err(HoldFailure::Refused(refused)) => match get(app, user, id).await? {
            Some(there) if there.fingerprint == fingerprint => Ok(Held { reservation: there, replayed: true }),
            Some(_) => Err(HoldFailure::KeyReused),
            None => Err(refused.into()),
        },
        Err(failure) => Err(failure),
    }
}

/// Asks the domain, with the schedule as this process knows it.
async fn decide(app: &App, wanted: Wanted) -> Result<(Arc<Schedule>, Reservation), HoldFailure> {
    let sections = wanted.seats.iter().map(|seat| &seat.section);
    let schedule = schedules::with_sections(app, wanted.schedule, sections).await?;
    let schedule = schedule.ok_or_else(|| HoldError::SeatNotFound(wanted.seats.clone()))?;
    let request = HoldRequest {
        id: wanted.id,
        user: wanted.user,
        seats: wanted.seats,
        fingerprint: wanted.fingerprint,
        hold: SignedDuration::from_secs(app.config().hold_seconds.into()),
    };
    let reservation = reservation::hold(request, &schedule, app.now())?;
    Ok((schedule, reservation))
}

/// Takes all seats of a new reservation, or none: one transaction of its blocks, itself and the allowance.
async fn take(app: &App, schedule: &Schedule, new: Reservation) -> Result<Held, HoldFailure> {
    let blocks: Vec<(BlockId, Vec<u16>)> = by_block(new.live_seats()).into_iter().collect();
    let mut attempts = Attempts::new(app);
    loop {
        let rejected = match hold_transaction(app, schedule, &new, &blocks)?.commit(app).await {
            Ok(()) => return Ok(Held { reservation: new, replayed: false }),
            Err(rejected) => rejected,
        };
        // Our own first success may be what stands in the way: its answer can get lost, ours or an earlier one's.
        if let Some(there) = get(app, new.user, new.id).await? {
            if there.fingerprint != new.fingerprint {
                return Err(HoldFailure::KeyReused);
            }
            let ours = attempts.made > 0 || matches!(rejected, Rejected::Failure(_));
            return Ok(Held { reservation: there, replayed: !ours });
        }
        match rejected {
            Rejected::Guards(failed) => refuse_or_retry(app, schedule, &new, &blocks, failed).await?,
            Rejected::Conflict(with) if with.iter().any(|guard| matches!(guard, Guard::Seats(_))) => {
                refuse_if_taken(app, &new, &blocks).await?;
            }
            Rejected::Conflict(_) => {}
            Rejected::Failure(Failure::Unknown) => {}
            Rejected::Failure(failure) => return Err(failure.into()),
        }
        attempts.again().await?;
    }
}

fn hold_transaction(
    app: &App,
    schedule: &Schedule,
    new: &Reservation,
    blocks: &[(BlockId, Vec<u16>)],
) -> Result<Transaction<Guard>, Failure> {
    let now = text(as_bound(second(app.now())));
    let mut transaction = Transaction::new();
    for (place, (block, numbers)) in blocks.iter().enumerate() {
        let free: Vec<String> = numbers.iter().map(|number| format!("#{number} < :now")).collect();
        let condition = format!("(attribute_not_exists(closed) OR closed < :now) AND {}", free.join(" AND "));
        let write = set_seats(new.schedule_id, block, numbers, new.held_value()).when(condition);
        transaction.add(Guard::Seats(place), write.value(":now", now.clone()));
    }
    transaction.add(
        Guard::New,
        Write::create(to_item(&table::reservation(new.user, new.id), &item(new, Some(Kind::ReservationHeld)))?),
    );
    let taken = new.live_tickets().count();
    let most = usize::from(schedule.max_seats_per_user).saturating_sub(taken);
    transaction.add(
        Guard::Allowance,
        Write::update(
            &table::allowance(new.user, new.schedule_id),
            "SET #count = if_not_exists(#count, :zero) + :taken, #open = :open, delete_at = :delete_at",
        )
        .when("attribute_not_exists(#count) OR #count <= :most")
        .name("#count", "count")
        .name("#open", open_name(new.id))
        .value(":open", open_value(new))
        .value(":zero", number(0))
        .value(":taken", number(taken))
        .value(":most", number(most))
        .value(":delete_at", number(new.starts_at.as_second() + ALLOWANCE_KEPT_SECONDS)),
    );
    Ok(transaction)
}

/// Sets seats of a block to one value; the caller adds the condition.
pub(crate) fn set_seats(schedule: Uuid, block: &BlockId, numbers: &[u16], to: SeatValue) -> Write {
    let sets: Vec<String> = numbers.iter().map(|number| format!("#{number} = :to")).collect();
    let write = Write::update(&table::block(schedule, block), format!("SET {}", sets.join(", ")));
    numbers
        .iter()
        .fold(write, |write, number| write.name(format!("#{number}"), number.to_string()))
        .value(":to", text(to.to_string()))
}

/// The condition that all these seats have the value `:mine`.
pub(crate) fn all_mine(numbers: &[u16]) -> String {
    let mine: Vec<String> = numbers.iter().map(|number| format!("#{number} = :mine")).collect();
    mine.join(" AND ")
}

/// Says why seats cannot be had, or returns for another try when that has changed meanwhile.
async fn refuse_or_retry(
    app: &App,
    schedule: &Schedule,
    new: &Reservation,
    blocks: &[(BlockId, Vec<u16>)],
    failed: Vec<FailedGuard<Guard>>,
) -> Result<(), HoldFailure> {
    let now = second(app.now());
    let (mut missing, mut taken, mut closing, mut allowance) = (Vec::new(), Vec::new(), false, None);
    for FailedGuard { guard, old } in failed {
        match guard {
            Guard::Seats(place) => {
                let (block, numbers) = &blocks[place];
                let there = old.map(|old| read_block(&block.section, &old)).transpose()?;
                let bound = as_bound(now);
                closing |= there.as_ref().and_then(|there| there.closed.as_ref()).is_some_and(|until| *until >= bound);
                for number in numbers {
                    let seat = SeatId { section: block.section.clone(), row: block.row.clone(), number: *number };
                    match there.as_ref().and_then(|there| there.seats.get(number)).map(|value| value.state(now)) {
                        None => missing.push(seat),
                        Some(SeatState::Held | SeatState::Sold) => taken.push(seat),
                        Some(SeatState::Available) => {}
                    }
                }
            }
            Guard::Allowance => allowance = old,
            Guard::New | Guard::Version | Guard::Wallet | Guard::Entry => {}
        }
    }
    if closing && schedules::fresh(app, schedule.id).await?.is_none() {
        return Err(HoldError::SeatNotFound(new.live_seats().cloned().collect()).into());
    }
    match allowance {
        _ if !missing.is_empty() => Err(HoldError::SeatNotFound(missing).into()),
        _ if !taken.is_empty() => Err(HoldError::SeatTaken(taken).into()),
        Some(old) if !close_lapsed(app, new.user, &old).await? => {
            Err(HoldError::SeatLimit(schedule.max_seats_per_user).into())
        }
        _ => Ok(()),
    }
}

/// A block in demand is in one transaction at a time. Whoever collides looks once, so that a crowd learns that a
/// seat is gone instead of trying until its time is up.
async fn refuse_if_taken(app: &App, new: &Reservation, blocks: &[(BlockId, Vec<u16>)]) -> Result<(), HoldFailure> {
    let now = second(app.now());
    let mut taken = Vec::new();
    for (id, numbers) in blocks {
        let Some(block) = seats::block(app, new.schedule_id, id, Consistency::Strong).await? else { continue };
        for number in numbers {
            let state = block.seats.get(number).map(|value| value.state(now));
            if matches!(state, Some(SeatState::Held | SeatState::Sold)) {
                taken.push(SeatId { section: id.section.clone(), row: id.row.clone(), number: *number });
            }
        }
    }
    if taken.is_empty() {
        return Ok(());
    }
    // The one who has it may be ourselves, by a try whose answer is still on its way.
    match get(app, new.user, new.id).await? {
        Some(_) => Ok(()),
        None => Err(HoldError::SeatTaken(taken).into()),
    }
}

/// Closes the user's own lapsed holds of an allowance, so that nobody waits for the sweep; `true` if any was.
async fn close_lapsed(app: &App, user: Uuid, allowance: &Item) -> Result<bool, Failure> {
    let now = second(app.now());
    let mut closed = false;
    for (name, open) in allowance {
        let Some(id) = name.strip_prefix(OPEN_PREFIX).and_then(from_short) else { continue };
        let until = open.as_s().ok().and_then(|open| u32::from_str_radix(open.get(..8)?, 16).ok());
        if until.is_some_and(|until| until < now) {
            closed |= close(app, user, id).await?;
        }
    }
    Ok(closed)
}

const OPEN_PREFIX: &str = "open_";

/// The attribute of an allowance that names an open hold.
fn open_name(reservation: Uuid) -> String {
    format!("{OPEN_PREFIX}{}", short(reservation))
}

/// Its value: until when, and how many seats.
fn open_value(reservation: &Reservation) -> AttributeValue {
    text(format!("{}:{}", as_bound(reservation.held_until), reservation.live_tickets().count()))
}

/// Gives `seats` of the allowance back; `after` is the reservation as it will be.
fn give_allowance_back(after: &Reservation, seats: usize) -> Write {
    let key = table::allowance(after.user, after.schedule_id);
    let write = if after.settled {
        Write::update(&key, "SET #count = #count - :seats REMOVE #open")
    } else {
        Write::update(&key, "SET #count = #count - :seats, #open = :open").value(":open", open_value(after))
    };
    write
        .when("#count >= :seats")
        .name("#count", "count")
        .name("#open", open_name(after.id))
        .value(":seats", number(seats))
}

/// A reservation of a user, in any state.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, user: Uuid, id: Uuid) -> Result<Option<Reservation>, Failure> {
    let item = read::get(app, &table::reservation(user, id), Consistency::Strong).await?;
    item.map(|item| read_reservation(user, id, item)).transpose()
}

/// The user's live reservation that holds this seat, if there is one.
///
/// # Errors
/// When the table fails.
pub async fn holding(app: &App, user: Uuid, schedule: Uuid, seat: &SeatId) -> Result<Option<Reservation>, Failure> {
    let Some(SeatValue::Held { reservation, .. }) = seats::value_of(app, schedule, seat).await? else {
        return Ok(None);
    };
    let found = get(app, user, reservation).await?;
    Ok(found.filter(|found| found.state_at(app.now()) == State::Held && found.live_seats().any(|held| held == seat)))
}

/// A page of a user's reservations, newest first.
///
/// # Errors
/// [`ListError::Cursor`] when the cursor is not of this list.
pub async fn list(app: &App, user: Uuid, limit: u16, cursor: Option<&str>) -> Result<Page<Reservation>, ListError> {
    let page = Query::by_time(table::reservations_by_time(user)).listed(app, limit, cursor).await?;
    let keys = page.filter_map(|item| key_of(&item));
    let mut found = Vec::new();
    for item in read::get_all(app, &keys.items, Consistency::Strong).await? {
        let id = key_of(&item).and_then(|key| key.sk.strip_prefix(table::RESERVATION_PREFIX)?.parse().ok());
        found.push(read_reservation(user, id.ok_or_else(|| unreadable("reservation key"))?, item)?);
    }
    found.sort_by_key(|reservation| (std::cmp::Reverse(reservation.created_at), reservation.id));
    Ok(Page { items: found, next: keys.next })
}

/// Why something was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// The user has no such reservation or ticket.
    #[error("not found")]
    NotFound,
    /// It is paid.
    #[error(transparent)]
    AlreadyPaid(#[from] AlreadyPaid),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Gives back all seats of a held reservation, or one. What has ended stays as it is, and is a success.
///
/// # Errors
/// See [`CancelError`].
pub async fn cancel(app: &App, user: Uuid, id: Uuid, ticket: Option<&SeatId>) -> Result<Reservation, CancelError> {
    let mut attempts = Attempts::new(app);
    let mut gone: Vec<SeatId> = Vec::new();
    loop {
        let read = get(app, user, id).await?.ok_or(CancelError::NotFound)?;
        let now = app.now();
        let decision = match ticket {
            Some(seat) => read.cancel_ticket(seat, now).ok_or(CancelError::NotFound)??,
            None => read.cancel(now)?,
        };
        match decision {
            Cancel::AlreadyEnded => return Ok(read),
            Cancel::Close => {
                close(app, user, id).await?;
                return Ok(get(app, user, id).await?.unwrap_or(read));
            }
            Cancel::Release => {}
        }
        let seats: Vec<SeatId> = match ticket {
            Some(seat) => vec![seat.clone()],
            None => read.live_seats().cloned().collect(),
        };
        let after = read.clone().without(&seats);
        let change = after.settled.then_some(Kind::ReservationCancelled);
        match release(app, &read, &after, &seats, &gone, change).await {
            Ok(()) => return Ok(after),
            Err(Rejected::Guards(failed)) => gone.extend(lost_seats(&read, &failed)?),
            Err(Rejected::Conflict(_) | Rejected::Failure(Failure::Unknown)) => {}
            Err(Rejected::Failure(failure)) => return Err(failure.into()),
        }
        attempts.again().await?;
    }
}

/// Writes the release of `seats`: their blocks (but those `gone` to others already), the reservation as it is
/// `after`, and the allowance.
async fn release(
    app: &App,
    read: &Reservation,
    after: &Reservation,
    seats: &[SeatId],
    gone: &[SeatId],
    change: Option<Kind>,
) -> Result<(), Rejected<Guard>> {
    let mut transaction = Transaction::new();
    let ours = seats.iter().filter(|seat| !gone.contains(seat));
    for (place, (block, numbers)) in by_block(ours).iter().enumerate() {
        transaction.add(
            Guard::Seats(place),
            set_seats(read.schedule_id, block, numbers, SeatValue::Free)
                .when(all_mine(numbers))
                .value(":mine", text(read.held_value().to_string())),
        );
    }
    transaction.add(Guard::Version, update(read, after, change)?);
    transaction.add(Guard::Allowance, give_allowance_back(after, seats.len()));
    transaction.commit(app).await
}

/// Seats of a reservation that failed block guards show in other hands: a faster clock took them over.
fn lost_seats(read: &Reservation, failed: &[FailedGuard<Guard>]) -> Result<Vec<SeatId>, Failure> {
    let mine = read.held_value();
    let mut lost = Vec::new();
    for failed in failed.iter().filter(|failed| matches!(failed.guard, Guard::Seats(_))) {
        let Some(old) = &failed.old else { continue };
        for seat in read.live_seats() {
            let is_this_block = key_of(old) == Some(table::block(read.schedule_id, &seat.block()));
            if is_this_block && read_block(&seat.section, old)?.seats.get(&seat.number) != Some(&mine) {
                lost.push(seat.clone());
            }
        }
    }
    Ok(lost)
}

/// Closes the books of a reservation whose time has passed: state and allowance; its seats are free already.
/// `false` when there was nothing to close.
pub(crate) async fn close(app: &App, user: Uuid, id: Uuid) -> Result<bool, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let Some(read) = get(app, user, id).await? else { return Ok(false) };
        if read.settled || !read.lapsed(app.now()) {
            return Ok(false);
        }
        let change = (read.state == State::Held).then_some(Kind::ReservationExpired);
        let seats = read.live_tickets().count();
        let after = read.clone().closed();
        let mut transaction = Transaction::new();
        transaction.add(Guard::Version, update(&read, &after, change)?);
        transaction.add(Guard::Allowance, give_allowance_back(&after, seats));
        match transaction.commit(app).await {
            Ok(()) => return Ok(true),
            Err(Rejected::Guards(failed)) if failed[0].guard == Guard::Allowance => {
                return Err(Failure::Internal(format!("the allowance of reservation {id} does not cover it")));
            }
            Err(Rejected::Guards(_) | Rejected::Conflict(_) | Rejected::Failure(Failure::Unknown)) => {
                attempts.again().await?;
            }
            Err(Rejected::Failure(failure)) => return Err(failure),
        }
    }
}

/// Gives back the seats and allowance of a declined reservation, once however often it is asked for.
///
/// # Errors
/// When the table fails.
pub async fn release_declined(app: &App, user: Uuid, id: Uuid) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    let mut gone: Vec<SeatId> = Vec::new();
    loop {
        let Some(read) = get(app, user, id).await? else { return Ok(()) };
        if read.settled || read.state != State::Declined {
            return Ok(());
        }
        let seats: Vec<SeatId> = read.live_seats().cloned().collect();
        let after = read.clone().closed();
        match release(app, &read, &after, &seats, &gone, None).await {
            Ok(()) => return Ok(()),
            Err(Rejected::Guards(failed)) => gone.extend(lost_seats(&read, &failed)?),
            Err(Rejected::Conflict(_) | Rejected::Failure(Failure::Unknown)) => {}
            Err(Rejected::Failure(failure)) => return Err(failure),
        }
        attempts.again().await?;
    }
}

/// Where a sweep has come to.
#[derive(Clone, Debug, Default)]
pub struct Position {
    shard: u8,
    start: Option<Item>,
}

/// One step of a sweep: closes the lapsed reservations of one page of the expiry index, at most `most`, and says
/// where to go on; `None` after the last page. What cannot be closed is logged, passed by, and met again by the
/// next sweep.
///
/// # Errors
/// When the index cannot be read.
pub async fn sweep(app: &App, most: u16, position: Position) -> Result<(Swept, Option<Position>), Failure> {
    let mut swept = Swept::default();
    let shard = table::expiry_shard_at(RESERVATION_KIND, position.shard);
    let (items, start) = Query::expired(shard, second(app.now())).page(app, i32::from(most), position.start).await?;
    let keys = items.iter().filter_map(key_of).filter_map(|key| {
        let user: Uuid = key.pk.strip_prefix("USER#")?.parse().ok()?;
        let id: Uuid = key.sk.strip_prefix(table::RESERVATION_PREFIX)?.parse().ok()?;
        Some((user, id))
    });
    let closed = seats::side_by_side(app, keys.collect::<Vec<_>>(), |app, (user, id)| async move {
        Ok(close(&app, user, id).await.inspect_err(|failure| {
            tracing::error!(reservation = %id, %failure, "a lapsed reservation could not be closed");
        }))
    });
    for result in closed.await? {
        match result {
            Ok(true) => swept.closed += 1,
            Ok(false) => {}
            Err(_) => swept.failed += 1,
        }
    }
    let next = match start {
        Some(start) => Some(Position { start: Some(start), ..position }),
        None => {
            (position.shard + 1 < table::EXPIRY_SHARDS).then(|| Position { shard: position.shard + 1, start: None })
        }
    };
    Ok((swept, next))
}

/// What one step of a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Reservations closed.
    pub closed: usize,
    /// Reservations that could not be.
    pub failed: usize,
}

/// The update of a reservation from what was read to what it is after, conditioned on its version. Attributes
/// that this code does not know are left alone, so that newer code may run beside it.
pub(crate) fn update(read: &Reservation, after: &Reservation, change: Option<Kind>) -> Result<Write, Failure> {
    let item = item(after, change);
    let mut set = "SET #state = :state, tickets = :tickets, version = :version, declines = :declines".to_owned();
    let mut remove: Vec<&str> = Vec::new();
    let mut values: BTreeMap<&str, AttributeValue> = BTreeMap::from([
        (":state", text(item.state)),
        (":tickets", value(&item.tickets)?),
        (":version", number(item.version)),
        (":declines", number(item.declines)),
        (":read_version", number(read.version)),
    ]);
    match item.change {
        Some(change) => {
            set.push_str(", change = :change");
            values.insert(":change", text(change));
        }
        None => remove.push("change"),
    }
    if let Some(payment) = &item.payment {
        set.push_str(", payment = :payment");
        values.insert(":payment", value(payment)?);
    }
    if after.settled {
        remove.extend(["expiry_shard", "expires_at"]);
    }
    if after.settled && after.state != State::Paid {
        set.push_str(", delete_at = :delete_at");
        values.insert(":delete_at", number(i64::from(after.held_until) + ENDED_KEPT_SECONDS));
    }
    if !remove.is_empty() {
        set.push_str(" REMOVE ");
        set.push_str(&remove.join(", "));
    }
    let write = Write::update(&table::reservation(read.user, read.id), set)
        .when("version = :read_version")
        .name("#state", "state");
    Ok(values.into_iter().fold(write, |write, (placeholder, value)| write.value(placeholder, value)))
}

fn item(reservation: &Reservation, change: Option<Kind>) -> ReservationItem {
    ReservationItem {
        owner: table::reservations_by_time(reservation.user),
        created_at: reservation.created_at.as_millisecond(),
        schedule_id: reservation.schedule_id,
        concert_id: reservation.concert_id,
        place: reservation.place.clone(),
        starts_at: reservation.starts_at.as_millisecond(),
        held_until: reservation.held_until,
        state: reservation.state.as_str().to_owned(),
        tickets: reservation
            .tickets
            .iter()
            .map(|ticket| TicketItem {
                id: ticket.seat.to_string(),
                price: ticket.price.get(),
                cancelled: ticket.cancelled,
            })
            .collect(),
        payment: reservation.payment.as_ref().map(|payment| PaymentItem {
            amount: payment.amount,
            paid_at: payment.paid_at.as_millisecond(),
            refunded: payment.refunded,
            key: payment.key.clone(),
        }),
        declines: reservation.declines,
        version: reservation.version,
        fingerprint: reservation.fingerprint.clone(),
        change: change.map(|kind| kind.as_str().to_owned()),
        expiry_shard: (!reservation.settled).then(|| table::expiry_shard(RESERVATION_KIND, reservation.id)),
        expires_at: (!reservation.settled).then(|| i64::from(reservation.held_until)),
    }
}

pub(crate) fn read_reservation(user: Uuid, id: Uuid, item: Item) -> Result<Reservation, Failure> {
    let item: ReservationItem = from_item(item)?;
    let at = |millisecond| Timestamp::from_millisecond(millisecond).map_err(unreadable);
    let ticket = |ticket: TicketItem| {
        Ok(Ticket {
            seat: SeatId::parse(&ticket.id).map_err(unreadable)?,
            price: Price::parse(ticket.price).map_err(unreadable)?,
            cancelled: ticket.cancelled,
        })
    };
    let payment = |payment: PaymentItem| {
        Ok::<_, Failure>(Payment {
            amount: payment.amount,
            paid_at: at(payment.paid_at)?,
            refunded: payment.refunded,
            key: payment.key,
        })
    };
    Ok(Reservation {
        id,
        user,
        schedule_id: item.schedule_id,
        concert_id: item.concert_id,
        place: item.place,
        starts_at: at(item.starts_at)?,
        created_at: at(item.created_at)?,
        held_until: item.held_until,
        state: State::parse(&item.state).ok_or_else(|| unreadable("state"))?,
        tickets: item.tickets.into_iter().map(ticket).collect::<Result<_, Failure>>()?,
        payment: item.payment.map(payment).transpose()?,
        declines: item.declines,
        settled: item.expiry_shard.is_none(),
        version: item.version,
        fingerprint: item.fingerprint,
    })
}
