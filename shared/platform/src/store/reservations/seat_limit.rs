//! Seat limits: how many seats of a schedule a user holds and owns, until when the open holds in that count last, and
//! how many holds the user has let lapse.
//!
//! Paying leaves a seat limit alone, because what is owned counts like what is held; so a hold that was paid is named
//! like an open one until somebody looks. [`super::expire::close_expired_holds`] does, when a new hold finds
//! `first_end` passed or a pause in force.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use onsale_domain::id::{ReservationId, ScheduleId, UserId, from_short};
use onsale_domain::purchases::lapses::Lapses;
use onsale_domain::purchases::purchase::PurchaseState;
use onsale_domain::reservations::reservation::{ALLOWANCE_KEPT_SECONDS, Reservation};
use onsale_domain::time::EpochSecond;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, integer, number, text, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::transaction::Write;
use crate::store::purchases::lapses::{NOT_PAUSED, OPEN_PREFIX, open_name, read_lapses, set_lapses};

/// A seat limit as it lies in the table.
#[derive(Clone, Debug, Default)]
pub struct SeatLimit {
    /// Seats held and owned.
    pub count: i64,
    /// Holds that are open, or were before they were paid, by reservation: until when, and how many seats.
    pub open: BTreeMap<ReservationId, (EpochSecond, i64)>,
    /// When the first of these ends, or earlier.
    pub first_end: Option<EpochSecond>,
    /// Holds that were let lapse.
    pub lapses: Lapses,
    /// Rises with every write.
    pub version: i64,
}

impl SeatLimit {
    /// When the first of the holds that are named ends, but for those in `without`.
    fn first_end_without(&self, without: &[ReservationId]) -> Option<EpochSecond> {
        self.open.iter().filter(|(id, _)| !without.contains(id)).map(|(_, (until, _))| *until).min()
    }
}

/// The write that counts a new reservation in, on condition that the user stays within `limit` and is not paused.
pub fn add_hold(new: &Reservation, limit: u16, now: Timestamp) -> Write {
    let taken = new.live_tickets().count();
    Write::update(&keys::seat_limit(new.user, new.schedule_id))
        .set_to("#count", "if_not_exists(#count, :zero) + :taken")
        .set("#open", open_value(new))
        .set_to("first_end", "if_not_exists(first_end, :until)")
        .set_to("version", "if_not_exists(version, :zero) + :one")
        .set("delete_at", number(new.starts_at.as_second() + i64::from(ALLOWANCE_KEPT_SECONDS)))
        .name("#count", "count")
        .name("#open", open_name(new.id))
        .value(":zero", number(0))
        .value(":one", number(1))
        .value(":taken", number(taken))
        .value(":until", number(new.purchase.held_until))
        .when(format!("(attribute_not_exists(#count) OR #count <= :most) AND {NOT_PAUSED}"))
        .value(":most", number(usize::from(limit).saturating_sub(taken)))
        .value(":second", number(EpochSecond::begun(now)))
}

/// An item as a seat limit.
pub fn read(item: &Item) -> Result<SeatLimit, Failure> {
    let open = open_holds(item).ok_or_else(|| unreadable("open holds"))?;
    let count = integer(item, "count")?.unwrap_or_default();
    let first_end = integer(item, "first_end")?.map(u32::try_from).transpose().map_err(unreadable)?.map(EpochSecond);
    let version = integer(item, "version")?.unwrap_or_default();
    Ok(SeatLimit { count, open, first_end, lapses: read_lapses(item)?, version })
}

/// The seat limit of a user and schedule, if there is one.
pub async fn get(app: &App, user: UserId, schedule: ScheduleId) -> Result<Option<SeatLimit>, Failure> {
    let item = query::get(app, &keys::seat_limit(user, schedule), Consistency::Strong).await?;
    item.as_ref().map(self::read).transpose()
}

/// Whether a seat limit counts this reservation among its open holds.
pub fn includes(item: &Item, reservation: ReservationId) -> bool {
    item.contains_key(&open_name(reservation))
}

/// All open holds of a seat limit, by reservation: until when, and how many seats; `None` if one cannot be read.
pub fn open_holds(item: &Item) -> Option<BTreeMap<ReservationId, (EpochSecond, i64)>> {
    let named = item.iter().filter_map(|(name, open)| Some((name.strip_prefix(OPEN_PREFIX)?, open)));
    named
        .map(|(id, open)| {
            let (until, seats) = open.as_s().ok()?.split_once(':')?;
            Some((ReservationId(from_short(id)?), (EpochSecond::from_hex(until)?, seats.parse().ok()?)))
        })
        .collect()
}

/// The value of an open hold: until when, and how many seats.
fn open_value(reservation: &Reservation) -> AttributeValue {
    text(format!("{}:{}", reservation.purchase.held_until.to_hex(), reservation.live_tickets().count()))
}

/// The write that gives `seats` back; `after` is the reservation as it will be.
pub fn give_back(after: &Reservation, seats: usize) -> Write {
    let open = if after.purchase.settled { None } else { Some(open_value(after)) };
    fewer(after, seats).set_or_remove("#open", open)
}

/// The write by which the user of a reservation has `seats` fewer; `#open` is the attribute of its hold.
fn fewer(reservation: &Reservation, seats: impl ToString) -> Write {
    Write::update(&keys::seat_limit(reservation.user, reservation.schedule_id))
        .set_to("#count", "#count - :seats")
        .set_to("version", "version + :one")
        .name("#count", "count")
        .name("#open", open_name(reservation.id))
        .value(":seats", number(seats))
        .value(":one", number(1))
        .when("#count >= :seats")
}

/// The write that ends the hold of `after`, whose time has passed, in the seat limit as it was read; `None` if that
/// does not cover it. One that expired counts as a lapse; one that was declined does not, for it held its seats no
/// longer.
pub fn close_hold(read: &SeatLimit, after: &Reservation) -> Option<Write> {
    let seats = i64::try_from(after.live_tickets().count()).unwrap_or(i64::MAX);
    let count = read.count.checked_sub(seats).filter(|count| *count >= 0)?;
    let lapses = match after.purchase.state {
        PurchaseState::Expired => read.lapses.with_lapse(after.created_at, after.purchase.held_until),
        PurchaseState::Open | PurchaseState::Paid | PurchaseState::Cancelled | PurchaseState::Declined => read.lapses,
    };
    if read.open.keys().all(|id| *id == after.id) {
        return Some(rewrite(read, after.user, after.schedule_id, &[after.id], count, lapses));
    }
    // Several that lapse together are ended side by side: they must not be in each other's way.
    let write = fewer(after, seats).remove("#open");
    if lapses == read.lapses {
        return Some(write);
    }
    let unchanged = match read.lapses.count {
        0 => "(attribute_not_exists(lapses) OR lapses = :read_lapses)",
        _ => "lapses = :read_lapses",
    };
    let write = write.when(format!("#count >= :seats AND {unchanged}"));
    Some(set_lapses(write, lapses).value(":read_lapses", number(read.lapses.count)))
}

/// The write of a seat limit that names these holds no longer, as of what was read.
pub(crate) fn rewrite(
    read: &SeatLimit,
    user: UserId,
    schedule: ScheduleId,
    without: &[ReservationId],
    count: i64,
    lapses: Lapses,
) -> Write {
    let write = Write::update(&keys::seat_limit(user, schedule))
        .set("#count", number(count))
        .set_or_remove("first_end", read.first_end_without(without).map(number))
        .set("version", number(read.version + 1))
        .name("#count", "count")
        .when("version = :read_version")
        .value(":read_version", number(read.version));
    (without.iter().enumerate()).fold(set_lapses(write, lapses), |write, (index, id)| {
        let open = format!("#open{index}");
        write.remove(&open).name(open, open_name(*id))
    })
}
