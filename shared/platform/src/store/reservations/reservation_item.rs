//! Reservations as items of the table: read, written whole once, then updated version by version.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use onsale_domain::money::Price;
use onsale_domain::queue::QueueId;
use onsale_domain::reservations::reservation::{Payment, Reservation, State, Ticket};
use onsale_domain::seats::SeatId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::events::Kind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, number, text, to_item, unreadable, value};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::transaction::Write;

/// Kind of reservations on the expiry index.
pub const RESERVATION_KIND: &str = "rsv";
/// How long a reservation that ended unpaid stays readable: 90 days, longer than any repeat of its request.
const ENDED_KEPT_SECONDS: i64 = 90 * 86_400;

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue_number: Option<u64>,
    /// What this version tells the world; the stream is read by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    /// There while seats or allowance are still to be given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiry_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

/// The write of a new reservation.
pub fn create(new: &Reservation, change: Kind) -> Result<Write, Failure> {
    Ok(Write::create(to_item(&keys::reservation(new.user, new.id), &item(new, Some(change)))?))
}

/// The update of a reservation from what was read to what it is after, conditioned on its version. Attributes
/// that this code does not know are left alone, so that newer code may run beside it.
pub fn update(read: &Reservation, after: &Reservation, change: Option<Kind>) -> Result<Write, Failure> {
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
    // What was ever paid explains entries of the ledger, and stays.
    if after.settled && after.payment.is_none() {
        set.push_str(", delete_at = :delete_at");
        values.insert(":delete_at", number(i64::from(after.held_until) + ENDED_KEPT_SECONDS));
    }
    if !remove.is_empty() {
        set.push_str(" REMOVE ");
        set.push_str(&remove.join(", "));
    }
    let write = Write::update(&keys::reservation(read.user, read.id), set)
        .when("version = :read_version")
        .name("#state", "state");
    Ok(values.into_iter().fold(write, |write, (placeholder, value)| write.value(placeholder, value)))
}

fn item(reservation: &Reservation, change: Option<Kind>) -> ReservationItem {
    ReservationItem {
        owner: keys::reservations_by_time(reservation.user),
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
        queue_id: reservation.admitted_by.as_ref().map(|(queue, _)| queue.to_string()),
        queue_number: reservation.admitted_by.as_ref().map(|(_, number)| *number),
        change: change.map(|kind| kind.as_str().to_owned()),
        expiry_shard: (!reservation.settled).then(|| keys::expiry_shard(RESERVATION_KIND, reservation.id)),
        expires_at: (!reservation.settled).then(|| i64::from(reservation.held_until)),
    }
}

pub fn read(user: Uuid, id: Uuid, item: Item) -> Result<Reservation, Failure> {
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
    let queue = item.queue_id.map(|id| QueueId::parse(&id)).transpose().map_err(unreadable)?;
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
        admitted_by: queue.zip(item.queue_number),
    })
}
