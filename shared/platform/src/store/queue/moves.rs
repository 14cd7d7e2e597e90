//! Moves: a queue calls its next numbers, and takes back the places of numbers that are over.
//!
//! The process that moved a queue last calls the next numbers if a second has passed, another one if two have; the sweep
//! does so when nobody polls. **Whoever has more to write than a look takes the turn first**, by one small write: of a
//! thousand processes that find the queue due at the same moment one goes on, and the others have written nothing that
//! would stand in its way. The turn is advice, and is over after two seconds. That a queue is moved once is decided by
//! its version, which every move has in its condition.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::{SignedDuration, Timestamp};
use onsale_domain::queue::gaps::Gap;
use onsale_domain::queue::moves::{Look, Move};
use onsale_domain::queue::{Queue, QueueId};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{number, text, to_item};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::Query;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};
use crate::store::queue::batches::{self, BatchItem};
use crate::store::queue::queue_item::{read_queue, written_calls};
use crate::store::queue::{gaps, hall, load, missed, numbers, queue_of};
use crate::store::seats::side_by_side;
use crate::telemetry::metrics::{QUEUE_ADMITTED, QUEUE_WAITING};

/// For how much time one poll may call numbers at once. Short, so that a clock that is ahead calls little more.
const POLL_AT_ONCE: SignedDuration = SignedDuration::from_secs(2);
/// For how much time the sweep may: the minute since the last one.
const SWEEP_AT_ONCE: SignedDuration = SignedDuration::from_secs(60);
/// Queues of one page of a sweep.
const QUEUES_PER_PAGE: i32 = 100;
/// Most pages of queues in one sweep; more is left to polls, and said.
const QUEUE_PAGES_MAX: usize = 100;

/// The mover of a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mover {
    /// A poll, in this process.
    Poll(Uuid),
    /// The sweep.
    Sweep,
}

impl Mover {
    fn process(self) -> Option<Uuid> {
        match self {
            Self::Poll(process) => Some(process),
            Self::Sweep => None,
        }
    }

    fn at_once(self) -> SignedDuration {
        match self {
            Self::Poll(_) => POLL_AT_ONCE,
            Self::Sweep => SWEEP_AT_ONCE,
        }
    }
}

/// Frees the places of batches whose time is over and of numbers that nobody has, and calls the next numbers. Gives the
/// queue as it is then.
pub(crate) async fn advance(
    app: &App,
    id: &QueueId,
    read: &Queue,
    now: Timestamp,
    mover: Mover,
) -> Result<Queue, Failure> {
    // One after the other: nobody waits for them but the one that moves the queue.
    let counter = numbers::counter(app, id).await?;
    let issued = counter.issued;
    numbers::return_rests(app, id, &counter, now).await;
    let (called, ahead) = list_gaps(app, id, read).await;
    let missed = list_missed(app, id).await;
    // A sweep of a queue in which nobody waits has nobody to tell.
    let somebody_waits = issued > read.serving || !missed.is_empty();
    let seats_left = match mover {
        Mover::Sweep if !somebody_waits => read.seats_left,
        Mover::Sweep | Mover::Poll(_) => hall::look(app, id, read).await,
    };
    measure(app, id, read, issued);
    let look = Look { issued, gaps: &ahead, missed: &missed, seats_left };
    let next_of = |queue: &Queue| queue.advance(&look, now, mover.at_once());
    let closes = read.has_batches_to_close(now);
    if !closes && called.is_empty() && next_of(read).is_none_or(|next| next.calls_nobody()) {
        return match next_of(read) {
            Some(look) => commit(app, id, read, look, mover).await,
            None => Ok(read.clone()),
        };
    }
    let mut queue = match take_turn(app, id, read, now, mover).await? {
        Turn::Ours(queue) => queue,
        Turn::Others(queue) => return Ok(queue),
    };
    if closes {
        match batches::close(app, id, &queue, now).await {
            Ok(closed) => queue = closed,
            Err(failure) => tracing::warn!(queue = %id, %failure, "ended batches of admissions could not be closed"),
        }
    }
    queue.finished += gaps::free_called(app, id, &called).await.unwrap_or_else(|failure| {
        tracing::warn!(queue = %id, %failure, "places of gaps could not be freed");
        0
    });
    match next_of(&queue) {
        Some(next) => commit(app, id, &queue, next, mover).await,
        None => Ok(queue),
    }
}

/// The first gaps among the numbers that were called, and among the others. Gaps are advice.
async fn list_gaps(app: &App, id: &QueueId, read: &Queue) -> (Vec<Gap>, Vec<Gap>) {
    gaps::list(app, id).await.map_or_else(
        |failure| {
            tracing::warn!(queue = %id, %failure, "gaps could not be read");
            Default::default()
        },
        |gaps| gaps.into_iter().partition(|gap| gap.first <= read.serving),
    )
}

/// The first numbers that are to be called a second time: those who can be found now, the others by the next look.
async fn list_missed(app: &App, id: &QueueId) -> Vec<u64> {
    missed::list(app, id).await.unwrap_or_else(|failure| {
        tracing::warn!(queue = %id, %failure, "missed numbers could not be read");
        Vec::new()
    })
}

/// The turn to move a queue.
enum Turn {
    /// Ours; the queue says so.
    Ours(Queue),
    /// Somebody else's, or the queue was changed meanwhile: as it is now.
    Others(Queue),
}

/// Takes the turn to move a queue that is still as it was read.
async fn take_turn(app: &App, id: &QueueId, read: &Queue, now: Timestamp, mover: Mover) -> Result<Turn, Failure> {
    let turned = read.with_turn(mover.process(), now);
    let write = Write::update(&keys::queue(id))
        .set_or_remove("moved_by", turned.moved_by.map(|process| text(process.to_string())))
        .set("turn_at", number(now.as_millisecond()))
        .set("version", number(turned.version))
        .when("version = :read")
        .value(":read", number(read.version));
    match write.run(app, ReturnValue::None).await {
        Ok(_) => Ok(Turn::Ours(turned)),
        Err(Rejected::Guards(failed)) => {
            let there = failed.into_iter().find_map(|failed| failed.old).ok_or(Failure::Unknown)?;
            let there = read_queue(there)?;
            // The answer to a first try was lost. The sweep has no name to know itself by.
            let is_ours = there.moved_by.is_some() && there.moved_by == turned.moved_by;
            let is_ours = is_ours && there.turn_at == turned.turn_at && there.version == turned.version;
            Ok(if is_ours { Turn::Ours(turned) } else { Turn::Others(there) })
        }
        Err(rejected) => Err(rejected.into_failure()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "people are fewer than 2^53")]
fn measure(app: &App, id: &QueueId, queue: &Queue, issued: u64) {
    app.meter().set(&QUEUE_WAITING, issued.saturating_sub(queue.serving) as f64, &[id.as_str()]);
    app.meter().set(&QUEUE_ADMITTED, queue.serving.saturating_sub(queue.finished) as f64, &[id.as_str()]);
}

/// Makes a move of the queue as it was read. Gives the queue as it is then, whoever has moved it.
async fn commit(app: &App, id: &QueueId, read: &Queue, mut next: Move, mover: Mover) -> Result<Queue, Failure> {
    next.after.moved_by = mover.process();
    let moved = if next.calls_nobody() && next.passed.is_empty() {
        move_write(id, read, &next).run(app, ReturnValue::None).await.map(drop)
    } else {
        move_transaction(id, read, &next)?.commit_patiently(app).await
    };
    match moved {
        Ok(()) => Ok(next.after),
        // Somebody else has moved it, or has changed it: that is what counts. Or it was us, and the answer was lost.
        Err(Rejected::Guards(_) | Rejected::Conflict(_) | Rejected::Failure(Failure::Unknown)) => {
            load(app, id).await?.ok_or(Failure::Unknown)
        }
        Err(rejected) => Err(rejected.into_failure()),
    }
}

/// The queue, the batches that a move opens, the gaps that it passes over, and the numbers that it calls a second time.
/// The queue is still as it was read: its version says so; a gap is there, and a number waits. Places that became free
/// meanwhile only make the move smaller than it might be.
fn move_transaction(id: &QueueId, read: &Queue, next: &Move) -> Result<Transaction<()>, Failure> {
    let after = &next.after;
    let mut transaction = Transaction::new();
    transaction.add((), move_write(id, read, next));
    let closes_at = after.looked_at + read.settings.claim_window();
    for batch in next.batches() {
        let (first, last, claimed) = (batch.first, batch.last, batch.gaps);
        let batch = BatchItem { first, last, claimed, closes_at: closes_at.as_millisecond() };
        transaction.add((), Write::create(to_item(&keys::admission_batch(id, first), &batch)?));
    }
    for gap in &next.passed {
        transaction.add((), gaps::remove(id, gap));
    }
    for number in &next.again {
        transaction.add((), missed::remove(id, *number));
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
        .set_or_remove("next_closing_at", after.next_closing_at.map(|time| number(time.as_millisecond())))
        .set_or_remove("moved_by", after.moved_by.map(|process| text(process.to_string())))
        .set_or_remove("seats_available", after.seats_left.map(|left| number(left.available)))
        .set_or_remove("seats_held", after.seats_left.map(|left| number(left.held)))
        .remove("turn_at")
        .set_to("finished", "finished + :finished")
        .value(":finished", number(next.more_finished()))
        .set("version", number(after.version))
        .when("version = :read")
        .value(":read", number(read.version))
}

/// Moves every queue on; how many there are, and how many could not be.
///
/// # Errors
/// When the list of queues cannot be read.
pub async fn sweep(app: &App) -> Result<(usize, usize), Failure> {
    let (mut all, mut failed, mut start) = (0, 0, None);
    for _ in 0..QUEUE_PAGES_MAX {
        let (items, next) = Query::by_time(keys::QUEUES_BY_TIME).page(app, QUEUES_PER_PAGE, start).await?;
        let moved = side_by_side(app, items.iter().filter_map(queue_of), |app, id| async move {
            let moved = match load(&app, &id).await {
                Ok(Some(queue)) => advance(&app, &id, &queue, app.now(), Mover::Sweep).await.map(|_| ()),
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
