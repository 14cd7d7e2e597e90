//! How many units of each product were sold on each day, counted from events, and what sold best of late.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use onsale_domain::money::Price;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cache::POPULAR_SECONDS;
use super::item::{Item, from_item, key_of, number, to_item, unreadable};
use super::marks::{EVENTS_MAX, once};
use super::read::{self, Consistency, Query};
use super::write::{TRANSACTION_ITEMS_MAX, Write};
use super::{Failure, products, table};
use crate::app::App;
use crate::events::{Data, Event, Kind};

/// Name of the consumer in the marks of events.
const CONSUMER: &str = "record_sales";
/// Spans for which popular products are kept, in days, today included.
pub const SPANS: [u8; 3] = [1, 3, 7];
/// Most products of one list.
pub const POPULAR_MAX: usize = 50;
/// Days for which a count is kept: long enough for any span.
const COUNTS_KEPT_DAYS: i64 = 30;
/// Most pages of a day's counts that are read, of 1 MB each; more is said.
const PAGES_MAX: usize = 100;
/// Counts that are asked for at once; 1 MB ends a page earlier.
const COUNTS_PER_PAGE: i32 = 5_000;

/// What one event changes: units of products, on the day they were paid.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sale {
    day: Date,
    units: Vec<(Uuid, i64)>,
}

impl Sale {
    /// What an event says of units: a payment adds them, its cancellation takes them from the same day again, so that
    /// the sum is the same in whatever order the two come.
    fn of(event: &Event) -> Option<Self> {
        let sign = match event.kind {
            Kind::PaymentCompleted => 1,
            Kind::PaymentCancelled => -1,
            _ => return None,
        };
        let Data::Order(data) = &event.data else { return None };
        let units = data.lines.iter().map(|line| (line.product_id, sign * line.quantity)).collect();
        Some(Self { day: data.paid_on?, units })
    }

    fn counters(&self) -> impl Iterator<Item = (Date, Uuid)> {
        self.units.iter().map(|(product, _)| (self.day, *product))
    }
}

/// Counts what events say was sold, each event once however often it is delivered: their marks and one count for each
/// day and product are one transaction. Gives one result for each event, in their order.
pub async fn record(app: &App, events: &[Event]) -> Vec<Result<(), Failure>> {
    let mut results: Vec<Result<(), Failure>> = events.iter().map(|_| Ok(())).collect();
    for batch in batches(events) {
        let marks: BTreeMap<&str, Sale> =
            batch.iter().filter_map(|place| Some((events[*place].id.as_str(), Sale::of(&events[*place])?))).collect();
        if let Err(failure) = once(app, CONSUMER, marks, |sales| counts(sales)).await {
            for place in batch {
                results[place] = Err(failure.clone());
            }
        }
    }
    results
}

/// The places of those events that count, in batches whose marks and counters fit into one transaction.
fn batches(events: &[Event]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut counters: BTreeSet<(Date, Uuid)> = BTreeSet::new();
    for (place, event) in events.iter().enumerate() {
        let Some(sale) = Sale::of(event) else { continue };
        let with_it: BTreeSet<(Date, Uuid)> = counters.iter().copied().chain(sale.counters()).collect();
        match batches.last_mut() {
            Some(batch) if batch.len() < EVENTS_MAX && batch.len() + 1 + with_it.len() <= TRANSACTION_ITEMS_MAX => {
                batch.push(place);
                counters = with_it;
            }
            _ => {
                batches.push(vec![place]);
                counters = sale.counters().collect();
            }
        }
    }
    batches
}

/// One write for each day and product of these sales.
fn counts(sales: &mut dyn Iterator<Item = &Sale>) -> Vec<Write> {
    let mut sums: BTreeMap<(Date, Uuid), i64> = BTreeMap::new();
    for sale in sales {
        for (product, units) in &sale.units {
            *sums.entry((sale.day, *product)).or_default() += units;
        }
    }
    let count = |((day, product), units): ((Date, Uuid), i64)| {
        let until = day.saturating_add(Span::new().days(COUNTS_KEPT_DAYS)).to_zoned(TimeZone::UTC);
        Write::update(&table::sales(day, product), "SET delete_at = :delete_at ADD sold :units")
            .value(":units", number(units))
            .value(":delete_at", number(until.map_or(i64::MAX, |until| until.timestamp().as_second())))
    };
    sums.into_iter().filter(|(_, units)| *units != 0).map(count).collect()
}

#[derive(Serialize, Deserialize)]
struct RankedItem {
    id: Uuid,
    name: String,
    price: i64,
    sold: i64,
}

#[derive(Serialize, Deserialize)]
struct PopularItem {
    as_of: i64,
    products: Vec<RankedItem>,
}

/// A product among those that sold best.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The product.
    pub id: Uuid,
    /// Its name then.
    pub name: String,
    /// Its price then.
    pub price: Price,
    /// Units paid for and not given back.
    pub sold: i64,
}

/// What sold best in a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Popular {
    /// When that was counted.
    pub as_of: Timestamp,
    /// At most [`POPULAR_MAX`], the best first.
    pub products: Vec<Ranked>,
}

/// Counts anew what sold best in each of [`SPANS`], of what is on sale. Says how many products each list has.
///
/// # Errors
/// When the table fails.
pub async fn rank(app: &App) -> Result<Vec<(u8, usize)>, Failure> {
    let now = app.now();
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut sums: HashMap<Uuid, i64> = HashMap::new();
    let mut lists = Vec::new();
    let longest = SPANS.into_iter().max().unwrap_or(0);
    for back in 0..longest {
        let day = today.saturating_sub(Span::new().days(i64::from(back)));
        for (product, sold) in sold_on(app, day).await? {
            *sums.entry(product).or_default() += sold;
        }
        let days = back + 1;
        if SPANS.contains(&days) {
            let products = best(app, &sums).await?;
            lists.push((days, products.len()));
            keep(app, days, &Popular { as_of: now, products }).await?;
        }
    }
    Ok(lists)
}

/// What was sold on a day, by product.
async fn sold_on(app: &App, day: Date) -> Result<Vec<(Uuid, i64)>, Failure> {
    let query = Query::partition(table::sales_partition(day), table::SOLD_PREFIX);
    let (mut counts, mut start) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let (items, next) = query.page(app, COUNTS_PER_PAGE, start).await?;
        counts.extend(items.iter().filter_map(read_count));
        start = next;
        if start.is_none() {
            return Ok(counts);
        }
    }
    tracing::warn!(%day, counted = counts.len(), "more products were sold on a day than are ranked");
    Ok(counts)
}

fn read_count(item: &Item) -> Option<(Uuid, i64)> {
    let product = key_of(item)?.sk.strip_prefix(table::SOLD_PREFIX)?.parse().ok()?;
    let sold = item.get("sold")?.as_n().ok()?.parse().ok()?;
    Some((product, sold))
}

/// The best of these sums that are on sale, the first by id among equals.
async fn best(app: &App, sums: &HashMap<Uuid, i64>) -> Result<Vec<Ranked>, Failure> {
    let mut order: Vec<(Uuid, i64)> =
        sums.iter().filter(|(_, sold)| **sold > 0).map(|(id, sold)| (*id, *sold)).collect();
    order.sort_unstable_by_key(|(id, sold)| (std::cmp::Reverse(*sold), *id));
    let mut ranked: Vec<Ranked> = Vec::new();
    for some in order.chunks(POPULAR_MAX) {
        let there = products::several(app, some.iter().map(|(id, _)| *id)).await?;
        for (id, sold) in some {
            let selling = there.iter().find(|product| product.id == *id && product.is_selling());
            ranked.extend(selling.map(|product| Ranked {
                id: *id,
                name: product.name.clone(),
                price: product.price,
                sold: *sold,
            }));
        }
        if ranked.len() >= POPULAR_MAX {
            break;
        }
    }
    ranked.truncate(POPULAR_MAX);
    Ok(ranked)
}

/// Keeps a list, unless a later one is there.
async fn keep(app: &App, days: u8, popular: &Popular) -> Result<(), Failure> {
    let ranked = |ranked: &Ranked| RankedItem {
        id: ranked.id,
        name: ranked.name.clone(),
        price: ranked.price.get(),
        sold: ranked.sold,
    };
    let item =
        PopularItem { as_of: popular.as_of.as_millisecond(), products: popular.products.iter().map(ranked).collect() };
    let write = Write::replace(to_item(&table::popular(days), &item)?);
    let write = write.when("attribute_not_exists(pk) OR as_of <= :as_of").value(":as_of", number(item.as_of));
    write.applies(app).await.map(|_| ())
}

/// What sold best in so many days, one of [`SPANS`], at most a minute older than it says; `None` before the first
/// count.
///
/// # Errors
/// When the table fails.
pub async fn popular(app: &App, days: u8) -> Result<Option<Arc<Popular>>, Failure> {
    if let Some(known) = app.caches().popular.get(&days, app.now(), POPULAR_SECONDS) {
        return Ok(Some(known));
    }
    let Some(item) = read::get(app, &table::popular(days), Consistency::Eventual).await? else { return Ok(None) };
    let item: PopularItem = from_item(item)?;
    let ranked = |item: RankedItem| {
        let price = Price::parse(item.price).map_err(unreadable)?;
        Ok(Ranked { id: item.id, name: item.name, price, sold: item.sold })
    };
    let popular = Arc::new(Popular {
        as_of: Timestamp::from_millisecond(item.as_of).map_err(unreadable)?,
        products: item.products.into_iter().map(ranked).collect::<Result<_, Failure>>()?,
    });
    app.caches().popular.put(days, Arc::clone(&popular), app.now());
    Ok(Some(popular))
}
