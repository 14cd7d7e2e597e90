//! How many units of each product were sold on each day, counted from events, and what sold best of late.

use onsale_domain::id::ProductId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::events::{Data, Event, EventKind};
use crate::failure::Failure;
use crate::store::dynamodb::cache::{CATALOG_SECONDS, RANKING_SECONDS};
use crate::store::dynamodb::item::{Item, from_item, key_of, number, time, to_item};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, Query};
use crate::store::dynamodb::transaction::{TRANSACTION_ITEMS_MAX, Write};
use crate::store::events::once::{EVENTS_MAX, process_once};
use crate::store::products;
use crate::store::views::{Popular, Ranked, Ranking};

/// Name of the consumer in the marks of events.
const CONSUMER: &str = "record_sales";
/// Spans for which popular products are kept, in days, today included.
pub const SPANS: [u8; 3] = [1, 3, 7];
/// Most products of one list.
pub const POPULAR_MAX: usize = 50;
/// Most products of a ranking: twice as many as are listed, so that a list is full though some were stopped since.
const RANKED_MAX: usize = 2 * POPULAR_MAX;
/// Days for which a count is kept: long enough for any span.
const COUNTS_KEPT_DAYS: i64 = 30;
/// Most pages of a day's counts that are read, of 1 MB each; more is said.
const PAGES_MAX: usize = 100;
/// Counts that are asked for at once; 1 MB ends a page earlier.
const COUNTS_PER_PAGE: i32 = 5_000;

/// The change by one event: units of products, on the day they were paid.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sale {
    day: Date,
    units: Vec<(ProductId, i64)>,
}

impl Sale {
    /// The sale of an event: a payment adds units, its cancellation takes them from the same day again, so that
    /// the sum is the same in whatever order the two come.
    fn from_event(event: &Event) -> Option<Self> {
        let sign = match event.kind {
            EventKind::PaymentCompleted => 1,
            EventKind::PaymentCancelled => -1,
            _ => return None,
        };
        let Data::Order(data) = &event.data else { return None };
        let units = data.lines.iter().map(|line| (ProductId(line.product_id), sign * line.quantity)).collect();
        Some(Self { day: data.paid_on?, units })
    }

    fn counters(&self) -> impl Iterator<Item = (Date, ProductId)> {
        self.units.iter().map(|(product, _)| (self.day, *product))
    }
}

/// Counts what events say was sold, each event once however often it is delivered: their marks and one count for each
/// day and product are one transaction. Gives one result for each event, in their order.
pub async fn record(app: &App, events: &[Event]) -> Vec<Result<(), Failure>> {
    let mut results: Vec<Result<(), Failure>> = events.iter().map(|_| Ok(())).collect();
    for batch in batches(events) {
        let marks: BTreeMap<&str, Sale> = batch
            .iter()
            .filter_map(|index| Some((events[*index].id.as_str(), Sale::from_event(&events[*index])?)))
            .collect();
        if let Err(failure) = process_once(app, CONSUMER, marks, |sales| count_writes(sales)).await {
            for index in batch {
                results[index] = Err(failure.clone());
            }
        }
    }
    results
}

/// The places of those events that count, in batches whose marks and counters fit into one transaction.
fn batches(events: &[Event]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut counters: BTreeSet<(Date, ProductId)> = BTreeSet::new();
    for (index, event) in events.iter().enumerate() {
        let Some(sale) = Sale::from_event(event) else { continue };
        let with_it: BTreeSet<(Date, ProductId)> = counters.iter().copied().chain(sale.counters()).collect();
        match batches.last_mut() {
            Some(batch) if batch.len() < EVENTS_MAX && batch.len() + 1 + with_it.len() <= TRANSACTION_ITEMS_MAX => {
                batch.push(index);
                counters = with_it;
            }
            _ => {
                batches.push(vec![index]);
                counters = sale.counters().collect();
            }
        }
    }
    batches
}

/// One write for each day and product of these sales.
fn count_writes(sales: &mut dyn Iterator<Item = &Sale>) -> Vec<Write> {
    let mut sums: BTreeMap<(Date, ProductId), i64> = BTreeMap::new();
    for sale in sales {
        for (product, units) in &sale.units {
            *sums.entry((sale.day, *product)).or_default() += units;
        }
    }
    let count = |((day, product), units): ((Date, ProductId), i64)| {
        let until = day.saturating_add(Span::new().days(COUNTS_KEPT_DAYS)).to_zoned_datetime(TimeZone::UTC);
        Write::update(&keys::sales(day, product))
            .set("delete_at", number(until.map_or(i64::MAX, |until| until.timestamp().as_second())))
            .add("sold", number(units))
    };
    sums.into_iter().filter(|(_, units)| *units != 0).map(count).collect()
}

#[derive(Serialize, Deserialize)]
struct RankedItem {
    id: Uuid,
    sold: i64,
}

#[derive(Serialize, Deserialize)]
struct RankingItem {
    as_of: i64,
    products: Vec<RankedItem>,
}

/// Counts anew what sold best in each of [`SPANS`], of what is on sale. Says how many products each list has.
///
/// # Errors
/// When the table fails.
pub async fn rank(app: &App) -> Result<Vec<(u8, usize)>, Failure> {
    let now = app.now();
    let today = now.to_zoned_datetime(TimeZone::UTC).date();
    let mut sums: HashMap<ProductId, i64> = HashMap::new();
    let mut lists = Vec::new();
    let longest = SPANS.into_iter().max().unwrap_or(0);
    for back in 0..longest {
        let day = today.saturating_sub(Span::new().days(i64::from(back)));
        for (product, sold) in sold_on(app, day).await? {
            *sums.entry(product).or_default() += sold;
        }
        let days = back + 1;
        if SPANS.contains(&days) {
            let sold = best_sellers(app, &sums).await?;
            lists.push((days, sold.len()));
            put_ranking(app, days, &Ranking { as_of: now, sold }).await?;
        }
    }
    Ok(lists)
}

/// The units sold on a day, by product.
async fn sold_on(app: &App, day: Date) -> Result<Vec<(ProductId, i64)>, Failure> {
    let query = Query::partition(keys::sales_partition(day), keys::SOLD_PREFIX);
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

fn read_count(item: &Item) -> Option<(ProductId, i64)> {
    let product = key_of(item)?.sk.strip_prefix(keys::SOLD_PREFIX)?.parse().ok()?;
    let sold = item.get("sold")?.as_n().ok()?.parse().ok()?;
    Some((product, sold))
}

/// The best of these sums that are on sale, the first by id among equals.
async fn best_sellers(app: &App, sums: &HashMap<ProductId, i64>) -> Result<Vec<(ProductId, i64)>, Failure> {
    let mut order: Vec<(ProductId, i64)> =
        sums.iter().filter(|(_, sold)| **sold > 0).map(|(id, sold)| (*id, *sold)).collect();
    order.sort_unstable_by_key(|(id, sold)| (std::cmp::Reverse(*sold), *id));
    let best = filter_selling(app, &order, RANKED_MAX).await?;
    Ok(best.into_iter().map(|ranked| (ranked.product.id, ranked.sold)).collect())
}

/// The first `most` of these products that are selling, as they are now.
async fn filter_selling(app: &App, order: &[(ProductId, i64)], most: usize) -> Result<Vec<Ranked>, Failure> {
    let mut selling: Vec<Ranked> = Vec::new();
    let mut rest = order;
    while selling.len() < most && !rest.is_empty() {
        let (some, after) = rest.split_at(rest.len().min(most - selling.len()));
        let there = products::get_several(app, some.iter().map(|(id, _)| *id)).await?;
        for (id, sold) in some {
            let product = there.iter().find(|product| product.id == *id && product.is_selling());
            selling.extend(product.map(|product| Ranked { product: product.clone(), sold: *sold }));
        }
        rest = after;
    }
    Ok(selling)
}

/// Keeps a ranking, unless a later one is there.
async fn put_ranking(app: &App, days: u8, ranking: &Ranking) -> Result<(), Failure> {
    let products = ranking.sold.iter().map(|(id, sold)| RankedItem { id: id.0, sold: *sold }).collect();
    let item = RankingItem { as_of: ranking.as_of.as_millisecond(), products };
    let write = Write::replace(to_item(&keys::popular(days), &item)?);
    let write = write.when("attribute_not_exists(pk) OR as_of <= :as_of").value(":as_of", number(item.as_of));
    write.apply(app).await.map(|_| ())
}

/// The `most` that sold best in so many days, one of [`SPANS`]: by a count at most a minute older than it says, of
/// what was selling at most [`CATALOG_SECONDS`] ago, with names and prices as they were then; `None` before the first
/// count.
///
/// # Errors
/// When the table fails.
pub async fn list_popular(app: &App, days: u8, most: usize) -> Result<Option<Arc<Popular>>, Failure> {
    if let Some(known) = app.caches().popular.get(&(days, most), app.now(), CATALOG_SECONDS) {
        return Ok(Some(known));
    }
    let Some(ranking) = get_ranking(app, days).await? else { return Ok(None) };
    let now = app.now();
    let products = filter_selling(app, &ranking.sold, most).await?;
    let popular = Arc::new(Popular { as_of: ranking.as_of, products });
    app.caches().popular.put((days, most), Arc::clone(&popular), now);
    Ok(Some(popular))
}

async fn get_ranking(app: &App, days: u8) -> Result<Option<Arc<Ranking>>, Failure> {
    if let Some(known) = app.caches().rankings.get(&days, app.now(), RANKING_SECONDS) {
        return Ok(Some(known));
    }
    let Some(item) = query::get(app, &keys::popular(days), Consistency::Eventual).await? else { return Ok(None) };
    let item: RankingItem = from_item(item)?;
    let ranking = Arc::new(Ranking {
        as_of: time(item.as_of)?,
        sold: item.products.into_iter().map(|ranked| (ProductId(ranked.id), ranked.sold)).collect(),
    });
    app.caches().rankings.put(days, Arc::clone(&ranking), app.now());
    Ok(Some(ranking))
}
