//! Items as the audit reads them: which kinds there are, and what of them counts.

use onsale_domain::audit::{Receipt, ReceiptKind, Shard};
use onsale_domain::id::{ConcertId, CouponId, ProductId, ReservationId, ScheduleId, UserId, from_short};
use onsale_domain::money::Price;
use onsale_domain::products::product::ProductState;
use onsale_domain::seats::Label;
use onsale_domain::tickets::generation::{Generation, Ordinal};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::Tally;
use crate::store::dynamodb::item::{Item, from_item, key_of};
use crate::store::dynamodb::keys::{ADMISSION_BATCH_PREFIX, Key};

pub(super) const USERS: &str = "USER#";
pub(super) const SEATS: &str = "SEATS#";
pub(super) const STOCK: &str = "STOCK#";
pub(super) const PRODUCTS: &str = "PRODUCT#";
pub(super) const COUPONS: &str = "COUPON#";
pub(super) const QUEUES: &str = "QUEUE#";
pub(super) const CONCERTS: &str = "CONCERT#";
pub(super) const DOORS: &str = "DOOR#";
const SCHEDULES: &str = "SCHEDULE#";

/// Whether a partition is read by a query of its own.
pub(super) fn is_read_whole(pk: &str) -> bool {
    [USERS, SEATS, DOORS].iter().any(|kind| pk.starts_with(kind))
}

/// The user of a partition, if it is one of a user; an error, if it only looks like one.
pub(super) fn user_of(pk: &str) -> Option<Result<UserId, ()>> {
    pk.strip_prefix(USERS).map(|id| id.parse().map_err(|_| ()))
}

/// Schedule and section of a partition of blocks.
pub(super) fn section_of(pk: &str) -> Option<(ScheduleId, Label)> {
    let (schedule, section_part) = pk.strip_prefix(SEATS)?.split_once('#')?;
    let (section, _part) = section_part.rsplit_once('#')?;
    Some((schedule.parse().ok()?, Label::parse(section).ok()?))
}

/// The date of a part of a list at the door.
pub(super) fn date_of_door(pk: &str) -> Option<ScheduleId> {
    let (schedule, _part) = pk.strip_prefix(DOORS)?.split_once('#')?;
    schedule.parse().ok()
}

/// Of a reservation at the door, the tickets of which codes are dead, each with the highest dead generation.
pub(super) fn dead_codes(item: &Item) -> Option<(ReservationId, Vec<(Ordinal, Generation)>)> {
    let reservation = ReservationId(from_short(&key_of(item)?.sk)?);
    let mut dead = Vec::new();
    for (name, value) in item {
        let Some(ordinal) = name.strip_prefix('d').and_then(|ordinal| ordinal.parse().ok()) else { continue };
        dead.push((Ordinal::new(ordinal)?, Generation::new(value.as_n().ok()?.parse().ok()?)?));
    }
    Some((reservation, dead))
}

/// Key and kind of what cannot be read: ids only.
pub(super) fn key_text(key: &Key) -> String {
    format!("{} {}", key.pk, key.sk)
}

#[derive(Deserialize)]
struct ProductItem {
    price: i64,
    state: String,
    shards: u8,
    stock: i64,
}

#[derive(Deserialize)]
struct CouponItem {
    quantity: i64,
    shards: u8,
}

#[derive(Deserialize)]
struct AdjustmentItem {
    delta: i64,
}

#[derive(Deserialize)]
struct ShardItem {
    available: i64,
    #[serde(default)]
    price: Option<i64>,
    #[serde(default)]
    state: Option<String>,
}

#[derive(Deserialize)]
struct QueueItem {
    serving: u64,
    finished: u64,
}

#[derive(Deserialize)]
struct BatchItem {
    first: u64,
    last: u64,
    claimed: u64,
}

#[derive(Deserialize)]
struct ConcertItem {
    dates: i64,
    #[serde(default)]
    certain: bool,
}

#[derive(Deserialize)]
struct ScheduleItem {
    max_seats_per_user: u16,
}

#[derive(Deserialize)]
struct ReceiptItem {
    amount: i64,
    #[serde(default)]
    kind: Option<String>,
}

fn parse<T: DeserializeOwned>(item: Item) -> Option<T> {
    from_item(item).ok()
}

fn terms(price: i64, state: &str) -> Option<(Price, ProductState)> {
    Some((Price::parse(price).ok()?, ProductState::parse(state)?))
}

/// Counts an item that the scan itself gives: of a product, a coupon, their stock, a queue, or a concert.
pub(super) fn read(tally: &mut Tally, key: &Key, item: Item) {
    if count(tally, key, item).is_none() {
        tally.differences.add_unreadable(key_text(key));
    }
}

fn count(tally: &mut Tally, key: &Key, item: Item) -> Option<()> {
    let id = |prefix: &str| key.pk.strip_prefix(prefix).map(|id| id.parse::<Uuid>().ok());
    if let Some(product) = id(PRODUCTS) {
        let product = ProductId(product?);
        if key.sk == "PRODUCT" {
            let item: ProductItem = parse(item)?;
            let terms = terms(item.price, &item.state)?;
            tally.counts.products += 1;
            tally.share(|shared| shared.stock.add_product(product, terms, item.shards, item.stock));
        } else {
            let item: AdjustmentItem = parse(item)?;
            tally.share(|shared| shared.stock.add_adjustment(product, item.delta));
        }
    } else if let Some(coupon) = id(COUPONS) {
        let (coupon, item): (CouponId, CouponItem) = (CouponId(coupon?), parse(item)?);
        tally.counts.coupons += 1;
        tally.share(|shared| shared.stock.add_coupon(coupon, item.shards, item.quantity));
    } else if let Some(shard) = key.pk.strip_prefix(STOCK) {
        let (of, number) = shard.split_once('#')?;
        let (of, number) = (of.parse().ok()?, number.parse().ok()?);
        let item: ShardItem = parse(item)?;
        let terms = match (item.price, item.state) {
            (Some(price), Some(state)) => Some(terms(price, &state)?),
            (None, None) => None,
            _ => return None,
        };
        tally.share(|shared| shared.stock.add_shard(of, Shard { number, available: item.available, terms }));
    } else if let Some(queue) = key.pk.strip_prefix(QUEUES) {
        count_queue(tally, queue, &key.sk, item)?;
    } else if let Some(concert) = id(CONCERTS) {
        count_concert(tally, ConcertId(concert?), &key.sk, item)?;
    }
    Some(())
}

fn count_queue(tally: &mut Tally, queue: &str, sk: &str, item: Item) -> Option<()> {
    if sk == "QUEUE" {
        let item: QueueItem = parse(item)?;
        tally.counts.queues += 1;
        tally.share(|shared| shared.queues.add_queue(queue, item.serving, item.finished));
    } else if sk.starts_with(ADMISSION_BATCH_PREFIX) {
        let item: BatchItem = parse(item)?;
        let queue = queue.split('#').next().unwrap_or(queue);
        tally.share(|shared| shared.queues.add_batch(queue, item.first, item.last, item.claimed));
    }
    Some(())
}

fn count_concert(tally: &mut Tally, concert: ConcertId, sk: &str, item: Item) -> Option<()> {
    if sk == "CONCERT" {
        let item: ConcertItem = parse(item)?;
        tally.share(|shared| shared.concerts.add_concert(concert, item.dates, item.certain));
    } else {
        tally.share(|shared| shared.concerts.add_date(concert, sk));
    }
    Some(())
}

/// The receipt of a top-up, credit or spend.
pub(super) fn receipt(item: Item) -> Option<Receipt> {
    let item: ReceiptItem = parse(item)?;
    let kind = ReceiptKind::parse(item.kind.as_deref())?;
    (item.amount > 0).then_some(Receipt { kind, amount: item.amount })
}

/// The amount of a payout, by its receipt.
pub(super) fn payout(item: Item) -> Option<i64> {
    parse::<ReceiptItem>(item).map(|receipt| receipt.amount)
}

/// How many unpaid orders an account says it has.
pub(super) fn unpaid_count(item: &Item) -> Option<i64> {
    item.get("orders")?.as_n().ok()?.parse().ok()
}

/// Of an item of a schedule, how many seats of it one user may have.
pub(super) fn seat_limit(item: Item) -> Option<(ScheduleId, u16)> {
    let schedule = key_of(&item)?.pk.strip_prefix(SCHEDULES)?.parse().ok()?;
    let ScheduleItem { max_seats_per_user } = parse(item)?;
    Some((schedule, max_seats_per_user))
}
