//! Allowances: how many seats of a schedule a user holds and owns, and until when the open holds in that count last.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use onsale_domain::reservation::Reservation;
use onsale_domain::seat::{as_bound, from_short, short};
use uuid::Uuid;

use super::item::{Item, number, text};
use super::table;
use super::write::Write;

/// How long an allowance outlives its concert.
const ALLOWANCE_KEPT_SECONDS: i64 = 30 * 86_400;

/// The write that counts a new reservation in, on condition that the user stays within `limit`.
pub fn take(new: &Reservation, limit: u16) -> Write {
    let taken = new.live_tickets().count();
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
    .value(":most", number(usize::from(limit).saturating_sub(taken)))
    .value(":delete_at", number(new.starts_at.as_second() + ALLOWANCE_KEPT_SECONDS))
}

/// The open holds of an allowance that ended before `second`.
pub fn lapsed(allowance: &Item, second: u32) -> impl Iterator<Item = Uuid> {
    allowance.iter().filter_map(move |(name, open)| {
        let id = name.strip_prefix(OPEN_PREFIX).and_then(from_short)?;
        let until = u32::from_str_radix(open.as_s().ok()?.get(..8)?, 16).ok()?;
        (until < second).then_some(id)
    })
}

/// Whether an allowance counts this reservation among its open holds.
pub fn counts(allowance: &Item, reservation: Uuid) -> bool {
    allowance.contains_key(&open_name(reservation))
}

/// All open holds of an allowance, by reservation: until when, and how many seats; `None` if one cannot be read.
pub fn open(allowance: &Item) -> Option<BTreeMap<Uuid, (u32, i64)>> {
    let named = allowance.iter().filter_map(|(name, open)| Some((name.strip_prefix(OPEN_PREFIX)?, open)));
    named
        .map(|(id, open)| {
            let (until, seats) = open.as_s().ok()?.split_once(':')?;
            Some((from_short(id)?, (u32::from_str_radix(until, 16).ok()?, seats.parse().ok()?)))
        })
        .collect()
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

/// The write that gives `seats` back; `after` is the reservation as it will be.
pub fn give_back(after: &Reservation, seats: usize) -> Write {
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
