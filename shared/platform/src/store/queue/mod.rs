//! Queues: their settings, the numbers they have called, and the moves that call more.
//!
//! **Whoever polls moves the queue on**: of each process at most one request a second reads the queue. The process that
//! moved it last calls the next numbers if a second has passed, another one if two have; the sweep does so when nobody
//! polls. All of them meet in the version of the queue, so together they call no more than one alone would.

pub mod admissions;
pub mod entries;
pub(crate) mod entry_item;
pub(crate) mod gaps;
pub mod guard;
pub(crate) mod queue_item;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::{SignedDuration, Timestamp};
use onsale_domain::queue::gaps::Gap;
use onsale_domain::queue::{BATCHES_PER_MOVE_MAX, CLAIM_GRACE, Move, Queue, QueueId, Settings};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::dynamodb::cache::VIEW_SECONDS;
use crate::store::dynamodb::idempotency::Once;
use crate::store::dynamodb::item::{Item, from_item, key_of, number, text, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};
use crate::store::queue::queue_item::{read_queue, written_calls};
use crate::store::seats::side_by_side;
use crate::telemetry::metrics::{QUEUE_ADMITTED, QUEUE_WAITING};

/// For how much time one poll may call numbers at once. Short, so that a clock that is ahead calls little more.
const POLL_AT_ONCE: SignedDuration = SignedDuration::from_secs(2);
/// For how much time the sweep may: the minute since the last one.
const SWEEP_AT_ONCE: SignedDuration = SignedDuration::from_secs(60);
/// How long a poll takes part in moving its queue; then it answers with what it has read.
const POLL_MOVES_FOR: Duration = Duration::from_secs(2);
/// Queues of one page of a sweep.
const QUEUES_PER_PAGE: i32 = 100;
/// Most pages of queues in one sweep; more is left to polls, and said.
const QUEUE_PAGES_MAX: usize = 100;
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

/// Makes a queue or changes its settings; whoever waits or is admitted stays. Settings that it has already are not
/// written again.
///
/// # Errors
/// When the table fails.
pub async fn put(app: &App, id: &QueueId, settings: Settings, action: &AdminAction) -> Result<Once<Queue>, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let new = Queue::new(settings, app.now());
        let old = query::get(app, &keys::queue(id), Consistency::Strong).await?;
        let version = old.as_ref().and_then(|old| old.get("version").cloned());
        let old = old.map(read_queue).transpose()?;
        if old.as_ref().is_some_and(|old| old.settings == settings)
            && let Some(same) = old
        {
            return Ok(Once::Existing(same));
        }
        let write = match version {
            Some(version) => put_write(id, &new).when("version = :read").value(":read", version),
            None => put_write(id, &new).when("attribute_not_exists(pk)"),
        };
        let mut transaction = Transaction::new();
        transaction.add((), write);
        transaction.add((), action.write(app)?);
        match transaction.commit(app).await {
            Ok(()) => {}
            Err(rejected) => {
                attempts.wait_after(&rejected).await?;
                continue;
            }
        }
        app.caches().queues.forget(id);
        return Ok(match old {
            Some(old) => Once::Existing(Queue { settings, ..old }),
            None => Once::New(new),
        });
    }
}

/// Sets the settings; counters only where there are none yet.
fn put_write(id: &QueueId, new: &Queue) -> Write {
    let settings = new.settings;
    let mut write = Write::update(&keys::queue(id))
        .set("#owner", text(keys::QUEUES_BY_TIME))
        .set("#capacity", number(settings.capacity))
        .set("admit_per_second", number(settings.admit_per_second))
        .set("active_minutes", number(settings.active_minutes))
        .set("claim_seconds", number(settings.claim_seconds))
        .set_or_remove("opens_at", settings.opens_at.map(|time| number(time.as_millisecond())))
        .set_or_remove("closes_at", settings.closes_at.map(|time| number(time.as_millisecond())))
        .set_to("version", "if_not_exists(version, :zero) + :one")
        .name("#owner", "owner")
        .name("#capacity", "capacity")
        .value(":zero", number(0))
        .value(":one", number(1))
        .value(":now", number(new.looked_at.as_millisecond()));
    for counter in ["serving", "finished", "seen", "ends_micro", "in_use_milliseconds", "ends_finished"] {
        write = write.set_to(counter, &format!("if_not_exists({counter}, :zero)"));
    }
    for time in ["created_at", "looked_at", "counted_until", "measured_at"] {
        write = write.set_to(time, &format!("if_not_exists({time}, :now)"));
    }
    write
}

/// A queue as it is now.
pub(crate) async fn load(app: &App, id: &QueueId) -> Result<Option<Queue>, Failure> {
    query::get(app, &keys::queue(id), Consistency::Strong).await?.map(read_queue).transpose()
}

/// A queue, at most a second old.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, id: &QueueId) -> Result<Option<Arc<Queue>>, Failure> {
    get_cached(app, id, false).await
}

/// A queue, at most a second old; whoever finds that what is remembered is older moves it on.
///
/// # Errors
/// When the table fails.
pub async fn get_and_advance(app: &App, id: &QueueId) -> Result<Option<Arc<Queue>>, Failure> {
    get_cached(app, id, true).await
}

async fn get_cached(app: &App, id: &QueueId, moves: bool) -> Result<Option<Arc<Queue>>, Failure> {
    let known = || app.caches().queues.get(id, app.now(), VIEW_SECONDS);
    if let Some(known) = known() {
        return Ok(known);
    }
    let _only_one_looks = app.caches().read_lock.lock().await;
    if let Some(known) = known() {
        return Ok(known);
    }
    // As old as its reading, however long the move takes.
    let at = app.now();
    let Some(mut queue) = load(app, id).await? else {
        // Anybody may ask for what is not there.
        app.caches().queues.put(id.clone(), None, at);
        return Ok(None);
    };
    let process = app.caches().process_id(|| app.ids().uuid(app.now()));
    if moves && queue.is_due_for(process, at) {
        let advance = advance(app, id, queue, at, Mover::Poll(process));
        match tokio::time::timeout(POLL_MOVES_FOR, advance).await {
            Ok(Ok(moved)) => queue = moved,
            // Somebody else will; who polls only wants to know a place.
            Ok(Err(failure)) => tracing::warn!(queue = %id, %failure, "a poll could not advance its queue"),
            Err(_) => tracing::warn!(queue = %id, "a poll had no time to advance its queue"),
        }
    }
    let queue = Some(Arc::new(queue));
    app.caches().queues.put(id.clone(), queue.clone(), at);
    Ok(queue)
}

/// How many numbers a queue has given out, at most a second ago: what the public sees.
///
/// # Errors
/// When the table fails.
pub async fn get_issued(app: &App, id: &QueueId) -> Result<u64, Failure> {
    if let Some(known) = app.caches().issued.get(id, app.now(), VIEW_SECONDS) {
        return Ok(known);
    }
    let at = app.now();
    let issued = query::get(app, &keys::issued(id), Consistency::Eventual).await?;
    let issued = issued.map(|item| read_issued(&item)).transpose()?.unwrap_or(0);
    app.caches().issued.put(id.clone(), issued, at);
    Ok(issued)
}

fn read_issued(item: &Item) -> Result<u64, Failure> {
    let issued = item.get("issued").and_then(|issued| issued.as_n().ok()?.parse().ok());
    issued.ok_or_else(|| unreadable("the counter of a queue"))
}

/// Takes `count` numbers from the counter; the last of them. Sent twice, as after a lost answer, it leaves a gap.
pub(crate) async fn take_numbers(app: &App, id: &QueueId, count: u64) -> Result<u64, Failure> {
    let write = Write::update(&keys::issued(id)).add("issued", number(count));
    match write.run(app, ReturnValue::UpdatedNew).await {
        Ok(new) => read_issued(&new),
        Err(rejected) => Err(rejected.into_failure()),
    }
}

/// The mover of a queue.
#[derive(Clone, Copy, Debug)]
enum Mover {
    /// A poll, in this process.
    Poll(Uuid),
    /// The sweep.
    Sweep,
}

/// Frees the places of batches whose time is over and of numbers that nobody has, and calls the next numbers. Gives the
/// queue as it is then.
async fn advance(app: &App, id: &QueueId, read: Queue, now: Timestamp, mover: Mover) -> Result<Queue, Failure> {
    let freed = close_batches(app, id).await.unwrap_or_else(|failure| {
        tracing::warn!(queue = %id, %failure, "ended batches of admissions could not be closed");
        0
    });
    let (called, ahead): (Vec<Gap>, Vec<Gap>) = gaps::list(app, id).await.map_or_else(
        |failure| {
            tracing::warn!(queue = %id, %failure, "gaps could not be read");
            Default::default()
        },
        |gaps| gaps.into_iter().partition(|gap| gap.first <= read.serving),
    );
    let freed = freed
        + gaps::free_called(app, id, &called).await.unwrap_or_else(|failure| {
            tracing::warn!(queue = %id, %failure, "places of gaps could not be freed");
            0
        });
    let queue = Queue { finished: read.finished + freed, ..read };
    let issued = query::get(app, &keys::issued(id), Consistency::Strong).await?;
    let issued = issued.map(|item| read_issued(&item)).transpose()?.unwrap_or(0);
    let (at_once, moved_by) = match mover {
        Mover::Poll(process) => (POLL_AT_ONCE, Some(process)),
        Mover::Sweep => (SWEEP_AT_ONCE, None),
    };
    measure(app, id, &queue, issued);
    let Some(mut next) = queue.advance(issued, now, at_once, &ahead) else { return Ok(queue) };
    next.after.moved_by = moved_by;
    match move_transaction(id, &queue, &next)?.commit_patiently(app).await {
        Ok(()) => Ok(next.after),
        // Somebody else has moved it, or has changed it: that is what counts. Or it was us, and the answer was lost.
        Err(Rejected::Guards(_) | Rejected::Conflict(_) | Rejected::Failure(Failure::Unknown)) => {
            load(app, id).await?.ok_or(Failure::Unknown)
        }
        Err(rejected) => Err(rejected.into_failure()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "people are fewer than 2^53")]
fn measure(app: &App, id: &QueueId, queue: &Queue, issued: u64) {
    app.meter().set(&QUEUE_WAITING, issued.saturating_sub(queue.serving) as f64, &[id.as_str()]);
    app.meter().set(&QUEUE_ADMITTED, queue.serving.saturating_sub(queue.finished) as f64, &[id.as_str()]);
}

/// The queue, the batches that a move opens, and the gaps that it passes over. What was read is still so: its version
/// says, and that a gap is there. Places that became free meanwhile only make the move smaller than it might be.
fn move_transaction(id: &QueueId, read: &Queue, next: &Move) -> Result<Transaction<()>, Failure> {
    let after = &next.after;
    let mut transaction = Transaction::new();
    transaction.add((), move_write(id, read, next));
    let closes_at = after.looked_at + SignedDuration::from_secs(read.settings.claim_seconds.into());
    for batch in next.batches() {
        let (first, last, claimed) = (batch.first, batch.last, batch.gaps);
        let batch = BatchItem { first, last, claimed, closes_at: closes_at.as_millisecond() };
        transaction.add((), Write::create(to_item(&keys::admission_batch(id, first), &batch)?));
    }
    for gap in &next.passed {
        transaction.add((), gaps::remove(id, gap));
    }
    Ok(transaction)
}

fn move_write(id: &QueueId, read: &Queue, next: &Move) -> Write {
    let after = &next.after;
    Write::update(&keys::queue(id))
        .set("serving", number(after.serving))
        .set("seen", number(after.seen))
        .set("looked_at", number(after.looked_at.as_millisecond()))
        .set("measured_at", number(after.looked_at.as_millisecond()))
        .set("counted_until", number(after.counted_until.as_millisecond()))
        .set("ends_micro", number(after.stays.ends_micro))
        .set("in_use_milliseconds", number(after.stays.in_use_milliseconds))
        .set("ends_finished", number(after.stays.finished))
        .set("calls", written_calls(&after.calls))
        .set_or_remove("moved_by", after.moved_by.map(|process| text(process.to_string())))
        .set_to("finished", "finished + :passed")
        .value(":passed", number(next.passed.iter().map(Gap::count).sum::<u64>()))
        .set("version", number(after.version))
        .when("version = :read")
        .value(":read", number(read.version))
}

/// Closes the batches whose claim window is over, oldest first: each goes, and what nobody claimed of it is finished.
/// Returns how many places that freed. One that is claimed from at this moment is left to the next look.
async fn close_batches(app: &App, id: &QueueId) -> Result<u64, Failure> {
    let now = (app.now() - CLAIM_GRACE).as_millisecond();
    let most = i32::try_from(BATCHES_PER_MOVE_MAX).unwrap_or(i32::MAX);
    let open = Query::partition(keys::queue_partition(id), keys::ADMISSION_BATCH_PREFIX);
    let (items, _) = open.page(app, most, None).await?;
    let batches: Result<Vec<BatchItem>, Failure> = items.into_iter().map(from_item).collect();
    let mut over: Vec<BatchItem> = batches?.into_iter().filter(|batch| batch.closes_at <= now).collect();
    for _ in 0..CLOSINGS_MAX {
        if over.is_empty() {
            return Ok(0);
        }
        let unclaimed: u64 = over.iter().map(|batch| batch.last + 1 - batch.first - batch.claimed).sum();
        match close_transaction(id, &over, unclaimed).commit(app).await {
            Ok(()) => return Ok(unclaimed),
            Err(Rejected::Guards(failed)) => {
                let lost: Vec<Option<u64>> = failed.into_iter().map(|failed| failed.guard).collect();
                over.retain(|batch| !lost.contains(&Some(batch.first)));
            }
            // Somebody claims from one, or too much is asked of the table: the next look closes them.
            Err(Rejected::Conflict(_)) => return Ok(0),
            Err(rejected) => return Err(rejected.into_failure()),
        }
    }
    Ok(0)
}

/// Each batch goes under the condition that nobody has claimed from it since it was read. A guard is the batch's first
/// number, or the queue itself.
fn close_transaction(id: &QueueId, over: &[BatchItem], unclaimed: u64) -> Transaction<Option<u64>> {
    let mut transaction = Transaction::new();
    for batch in over {
        let write = Write::delete(&keys::admission_batch(id, batch.first)).when("claimed = :read");
        transaction.add(Some(batch.first), write.value(":read", number(batch.claimed)));
    }
    if unclaimed > 0 {
        transaction.add(None, count_finished(id, unclaimed));
    }
    transaction
}

/// Counts numbers of a queue as finished; only ever within a transaction that can happen once.
pub(crate) fn count_finished(id: &QueueId, count: impl ToString) -> Write {
    Write::update(&keys::queue(id))
        .set_to("finished", "finished + :count")
        .when("attribute_exists(pk)")
        .value(":count", number(count))
}

/// Moves every queue on; how many there are, and how many could not be.
///
/// # Errors
/// When the list of queues cannot be read.
pub async fn sweep(app: &App) -> Result<(usize, usize), Failure> {
    let (mut all, mut failed, mut start) = (0, 0, None);
    for _ in 0..QUEUE_PAGES_MAX {
        let (items, next) = Query::by_time(keys::QUEUES_BY_TIME).page(app, QUEUES_PER_PAGE, start).await?;
        let ids = items.iter().filter_map(|item| QueueId::parse(key_of(item)?.pk.strip_prefix("QUEUE#")?).ok());
        let moved = side_by_side(app, ids.collect::<Vec<_>>(), |app, id| async move {
            let moved = match load(&app, &id).await {
                Ok(Some(queue)) => advance(&app, &id, queue, app.now(), Mover::Sweep).await.map(|_| ()),
                Ok(None) => Ok(()),
                Err(failure) => Err(failure),
            };
            Ok(moved.inspect_err(|failure| tracing::error!(queue = %id, %failure, "a queue could not be advanced")))
        });
        let moved = moved.await?;
        all += moved.len();
        failed += moved.iter().filter(|moved| moved.is_err()).count();
        start = next;
        if start.is_none() {
            return Ok((all, failed));
        }
    }
    tracing::warn!(all, "there are more queues than one sweep advances");
    Ok((all, failed))
}
