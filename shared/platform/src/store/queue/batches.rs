//! Admission batches: neighbouring numbers that were called together. Each is written by every claim of one of its
//! numbers, so neighbouring batches lie in different partitions of the table.

use futures_util::future::try_join_all;
use jiff::Timestamp;
use onsale_domain::queue::moves::BATCHES_PER_MOVE_MAX;
use onsale_domain::queue::{CLAIM_GRACE, Queue, QueueId};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{from_item, number, time};
use crate::store::dynamodb::keys::{self, BATCH_PARTS};
use crate::store::dynamodb::query::Query;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};
use crate::store::queue::count_finished;

/// Most batches that one look reads of a partition: together more than one move closes.
const BATCHES_PER_PART_MAX: i32 = 8;
/// How often a closing of batches is tried with those left out that were claimed from meanwhile.
const CLOSINGS_MAX: usize = 3;

/// A batch of called numbers that may be claimed.
#[derive(Serialize, Deserialize)]
pub(crate) struct BatchItem {
    pub first: u64,
    pub last: u64,
    pub claimed: u64,
    /// Epoch milliseconds.
    pub closes_at: i64,
}

/// The open batch of a called number.
pub(crate) async fn find(app: &App, id: &QueueId, wanted: u64) -> Result<Option<BatchItem>, Failure> {
    let batches = Query::up_to(&keys::admission_batch(id, wanted), keys::ADMISSION_BATCH_PREFIX).strong();
    let (mut items, _) = batches.page(app, 1, None).await?;
    let batch: Option<BatchItem> = items.pop().map(from_item).transpose()?;
    Ok(batch.filter(|batch| (batch.first..=batch.last).contains(&wanted)))
}

/// The open batches of a queue, as a look has found them.
struct OpenBatches {
    /// Those whose claim window is over: as many as one transaction takes.
    over: Vec<BatchItem>,
    /// When the first of all others may close; none if there is no other.
    next_closing_at: Option<i64>,
}

/// Closes the batches of `queue` whose claim window is over: each goes, and what nobody claimed of it is finished. Gives
/// the queue as it is then.
///
/// Whoever calls it has the turn to move the queue: nobody else opens batches meanwhile, so the next closing time that
/// is written with it is that of all that are open. One that is claimed from at this moment is left to the next look.
pub(crate) async fn close(app: &App, id: &QueueId, queue: &Queue, now: Timestamp) -> Result<Queue, Failure> {
    let OpenBatches { mut over, next_closing_at } = look(app, id, now).await?;
    let mut next = next_closing_at.map(time).transpose()?;
    for _ in 0..CLOSINGS_MAX {
        let unclaimed: u64 = over.iter().map(|batch| batch.last + 1 - batch.first - batch.claimed).sum();
        let closed = Queue { finished: queue.finished + unclaimed, next_closing_at: next, ..queue.clone() };
        if over.is_empty() && closed == *queue {
            return Ok(closed);
        }
        match closing(id, &over, &closed, unclaimed).commit(app).await {
            Ok(()) => return Ok(closed),
            Err(Rejected::Guards(failed)) => {
                let lost: Vec<Option<u64>> = failed.into_iter().map(|failed| failed.guard).collect();
                if lost.contains(&None) {
                    break;
                }
                over.retain(|batch| !lost.contains(&Some(batch.first)));
                next = queue.next_closing_at;
            }
            // Somebody claims from one, or too much is asked of the table: the next look closes them.
            Err(Rejected::Conflict(_)) => break,
            Err(rejected) => return Err(rejected.into_failure()),
        }
    }
    Ok(queue.clone())
}

async fn look(app: &App, id: &QueueId, now: Timestamp) -> Result<OpenBatches, Failure> {
    let pages = (0..BATCH_PARTS).map(|part| async move {
        let open = Query::whole_partition(keys::batches_partition(id, part)).strong();
        open.page(app, BATCHES_PER_PART_MAX, None).await
    });
    let closes_until = (now - CLAIM_GRACE).as_millisecond();
    let (mut over, mut open) = (Vec::new(), Vec::new());
    for (items, more) in try_join_all(pages).await? {
        let batches: Result<Vec<BatchItem>, Failure> = items.into_iter().map(from_item).collect();
        let batches = batches?;
        // Those behind a full page were opened later than its last.
        open.extend(batches.last().filter(|_| more.is_some()).map(|last| last.closes_at));
        for batch in batches {
            if batch.closes_at <= closes_until { over.push(batch) } else { open.push(batch.closes_at) }
        }
    }
    over.sort_by_key(|batch| batch.first);
    let most = usize::try_from(BATCHES_PER_MOVE_MAX).unwrap_or(usize::MAX);
    open.extend(over.iter().skip(most).map(|batch| batch.closes_at));
    over.truncate(most);
    Ok(OpenBatches { over, next_closing_at: open.into_iter().min() })
}

/// Each batch goes under the condition that nobody has claimed from it since it was read, and the queue learns of it
/// under the condition that the turn is still ours. A guard is the batch's first number, or the queue itself.
fn closing(id: &QueueId, over: &[BatchItem], closed: &Queue, unclaimed: u64) -> Transaction<Option<u64>> {
    let mut transaction = Transaction::new();
    for batch in over {
        let write = Write::delete(&keys::admission_batch(id, batch.first)).when("claimed = :read");
        transaction.add(Some(batch.first), write.value(":read", number(batch.claimed)));
    }
    let counted = count_finished(id, unclaimed)
        .set_or_remove("next_closing_at", closed.next_closing_at.map(|time| number(time.as_millisecond())))
        .when("version = :turn")
        .value(":turn", number(closed.version));
    transaction.add(None, counted);
    transaction
}
