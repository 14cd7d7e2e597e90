//! Gaps among the numbers of a queue, as [`onsale_domain::queue::gaps`] has them: noted when a number comes to nobody,
//! and taken away by the move that passes over it.
//!
//! A gap is noted only with proof: by the write that gives an entry up, or for a number that this process
//! took and no write of its can use any more.

use std::collections::BTreeMap;

use onsale_domain::queue::QueueId;
use onsale_domain::queue::gaps::{GAPS_PER_MOVE_MAX, Gap};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{from_item, number, to_item};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::Query;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};
use crate::store::queue::{self, batches};

/// Most gaps among numbers that were called already with which one look deals.
const CALLED_GAPS_MAX: usize = 20;

#[derive(Serialize, Deserialize)]
struct HoleItem {
    first: u64,
    last: u64,
}

/// The write that notes a gap.
pub(crate) fn create(id: &QueueId, gap: Gap) -> Result<Write, Failure> {
    let item = HoleItem { first: gap.first, last: gap.last };
    Ok(Write::create(to_item(&keys::gap(id, gap.first), &item)?))
}

/// The write that takes a gap away, on condition that nobody has.
pub(crate) fn remove(id: &QueueId, gap: &Gap) -> Write {
    Write::delete(&keys::gap(id, gap.first)).when("attribute_exists(pk)")
}

/// Notes numbers that this process took and gives to nobody. Best effort: what is not noted holds its places until its
/// claim window is over.
///
/// A transaction, although it is one write: a try whose answer was lost is repeated under the same token of the SDK, so
/// it cannot bring a gap back that was passed over meanwhile.
pub(crate) async fn give_back(app: &App, id: &QueueId, gap: Gap) {
    let noted = async {
        let mut transaction = Transaction::new();
        transaction.add((), create(id, gap)?);
        transaction.commit_patiently(app).await
    };
    match noted.await {
        Ok(()) | Err(Rejected::Guards(_)) => {}
        Err(rejected) => {
            tracing::warn!(queue = %id, ?gap, ?rejected, "a gap of queue numbers could not be returned")
        }
    }
}

/// The first gaps of a queue, in order: of numbers that were called, and of those that will be.
pub(crate) async fn list(app: &App, id: &QueueId) -> Result<Vec<Gap>, Failure> {
    let most = i32::try_from(GAPS_PER_MOVE_MAX).unwrap_or(i32::MAX);
    let (items, _) = Query::whole_partition(keys::gaps_partition(id)).page(app, most, None).await?;
    let gap = |item: HoleItem| Gap { first: item.first, last: item.last };
    items.into_iter().map(|item| from_item(item).map(gap)).collect()
}

/// Gives the places of gaps back whose numbers were called before they were gaps, as far as their batches are open;
/// how many that are. One whose batch has closed has given its place back already.
pub(crate) async fn free_called(app: &App, id: &QueueId, called: &[Gap]) -> Result<u64, Failure> {
    if called.is_empty() {
        return Ok(0);
    }
    let mut transaction = Transaction::new();
    let mut by_batch: BTreeMap<u64, u64> = BTreeMap::new();
    for gap in called.iter().take(CALLED_GAPS_MAX) {
        if let Some(batch) = batches::find(app, id, gap.first).await? {
            *by_batch.entry(batch.first).or_default() += gap.count_within(batch.first, batch.last);
        }
        transaction.add((), remove(id, gap));
    }
    let freed: u64 = by_batch.values().sum();
    for (first, gaps) in by_batch {
        let claimed = Write::update(&keys::admission_batch(id, first)).set_to("claimed", "claimed + :gaps");
        transaction.add((), claimed.when("attribute_exists(pk)").value(":gaps", number(gaps)));
    }
    if freed > 0 {
        transaction.add((), queue::count_finished(id, freed));
    }
    match transaction.commit(app).await {
        Ok(()) => Ok(freed),
        // Somebody else deals with them, or claims from the batch; else the next look does.
        Err(Rejected::Guards(_) | Rejected::Conflict(_)) => Ok(0),
        Err(rejected) => Err(rejected.into_failure()),
    }
}
