//! Reservations as items of the table: read, written whole once, then updated version by version.

use jiff::Timestamp;
use onsale_domain::id::{ConcertId, ReservationId, ScheduleId, UserId};
use onsale_domain::money::Price;
use onsale_domain::purchases::purchase::Purchase;
use onsale_domain::queue::QueueId;
use onsale_domain::reservations::reservation::{Reservation, Ticket};
use onsale_domain::seats::SeatId;
use onsale_domain::tickets::generation::Generation;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, to_item, unreadable, value};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::transaction::Write;
use crate::store::purchases::item::{PurchaseItem, purchase_update};
use crate::store::purchases::{StoredPurchase, owned};
use crate::store::reservations::log;

/// Kind of reservations on the expiry index.
pub const RESERVATION_KIND: &str = "rsv";

#[derive(Serialize, Deserialize)]
struct TicketItem {
    id: String,
    price: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cancelled: bool,
    /// Absent of the first.
    #[serde(default = "first_generation", skip_serializing_if = "is_first")]
    generation: u16,
}

fn first_generation() -> u16 {
    Generation::FIRST.get()
}

fn is_first(generation: &u16) -> bool {
    *generation == first_generation()
}

#[derive(Serialize, Deserialize)]
struct ReservationItem {
    id: Uuid,
    created_at: i64,
    schedule_id: Uuid,
    concert_id: Uuid,
    place: String,
    starts_at: i64,
    #[serde(flatten)]
    purchase: PurchaseItem,
    tickets: Vec<TicketItem>,
    fingerprint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue_number: Option<u64>,
}

/// Where a reservation lies: at its number in its owner's log.
pub(crate) fn key(reservation: &Reservation) -> Key {
    keys::reservation(reservation.user, reservation.number)
}

/// The write of a new reservation, on condition that no other has its number; it tells the world of `change`.
pub fn create(new: &Reservation, change: EventKind) -> Result<Write, Failure> {
    let expiry_shard = keys::expiry_shard(RESERVATION_KIND, new.id.0);
    let item = ReservationItem {
        id: new.id.0,
        created_at: new.created_at.as_millisecond(),
        schedule_id: new.schedule_id.0,
        concert_id: new.concert_id.0,
        place: new.venue.clone(),
        starts_at: new.starts_at.as_millisecond(),
        purchase: PurchaseItem::new(&new.purchase, Reservation::OPEN, expiry_shard, change),
        tickets: tickets(new),
        fingerprint: new.fingerprint.clone(),
        queue_id: new.admitted_by.as_ref().map(|(queue, _)| queue.to_string()),
        queue_number: new.admitted_by.as_ref().map(|(_, number)| *number),
    };
    Ok(Write::create(to_item(&key(new), &item)?))
}

impl StoredPurchase for Reservation {
    type Id = ReservationId;

    async fn get(app: &App, user: UserId, id: ReservationId) -> Result<Option<Self>, Failure> {
        log::find(app, user, id).await
    }

    async fn get_isolated(app: &App, user: UserId, id: ReservationId) -> Result<Option<Self>, Failure> {
        log::find_isolated(app, user, id).await
    }

    fn read(item: Item) -> Result<Self, Failure> {
        let (user, number) = owned(&item, keys::RESERVATION_PREFIX)?;
        let item: ReservationItem = from_item(item)?;
        let at = |millisecond| Timestamp::from_millisecond(millisecond).map_err(unreadable);
        let ticket = |ticket: TicketItem| {
            Ok(Ticket {
                seat: SeatId::parse(&ticket.id).map_err(unreadable)?,
                price: Price::parse(ticket.price).map_err(unreadable)?,
                cancelled: ticket.cancelled,
                generation: Generation::new(ticket.generation).ok_or_else(|| unreadable("a generation"))?,
            })
        };
        let queue = item.queue_id.map(|id| QueueId::parse(&id)).transpose().map_err(unreadable)?;
        Ok(Self {
            id: ReservationId(item.id),
            user,
            number,
            schedule_id: ScheduleId(item.schedule_id),
            concert_id: ConcertId(item.concert_id),
            venue: item.place,
            starts_at: at(item.starts_at)?,
            created_at: at(item.created_at)?,
            purchase: item.purchase.read(Self::OPEN)?,
            tickets: item.tickets.into_iter().map(ticket).collect::<Result<_, Failure>>()?,
            fingerprint: item.fingerprint,
            admitted_by: queue.zip(item.queue_number),
        })
    }

    fn update(&self, after: &Self, change: Option<EventKind>) -> Result<Write, Failure> {
        let write = purchase_update(&key(self), Self::OPEN, &self.purchase, &after.purchase, change)?;
        Ok(write.set("tickets", value(&tickets(after))?))
    }

    fn purchase(&self) -> &Purchase {
        &self.purchase
    }

    fn map_purchase(self, change: impl FnOnce(Purchase) -> Purchase) -> Self {
        Self::map_purchase(self, change)
    }
}

fn tickets(reservation: &Reservation) -> Vec<TicketItem> {
    let ticket = |ticket: &Ticket| TicketItem {
        id: ticket.seat.to_string(),
        price: ticket.price.get(),
        cancelled: ticket.cancelled,
        generation: ticket.generation.get(),
    };
    reservation.tickets.iter().map(ticket).collect()
}
