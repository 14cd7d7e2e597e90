//! Admissions: a called number is claimed, bought with, and ended once.
//!
//! The batch of a number is where its claim meets the end of the claim window; the event of a token's end is what frees
//! its place.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use onsale_domain::id::UserId;
use onsale_domain::queue::entry::{Admission, EntryState, QueueEntry};
use onsale_domain::queue::{Queue, QueueId};
use onsale_domain::time::EpochSecond;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{number, text};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::Consistency;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::sweep::{self, Swept};
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction, Write};
use crate::store::events::once;
use crate::store::queue::entry_item::{self, end_admission, read_entry, with_reserved_names};
use crate::store::queue::{self, batches, missed};

/// How long a token is kept after the end of its admission.
const TOKEN_KEPT_SECONDS: i64 = 30 * 86_400;
/// Kind of admitted tokens on the expiry index.
const TOKEN_KIND: &str = "token";
const SECONDS_PER_MINUTE: u32 = 60;

/// Where the holder of a number that was called stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// Admitted, by this claim or an earlier one.
    Admitted(Admission),
    /// Missed: it is called a second time.
    Missed,
    /// Over.
    Ended(EntryState),
    /// The user's token has another number, or is gone.
    Replaced,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// The token waits with this number.
    Waiting,
    /// The batch of the number has not been closed.
    Open,
}

/// Where the holder of a number that was called stands; claims the number if nobody has.
///
/// # Errors
/// When the table fails.
pub async fn claim_called(
    app: &App,
    user: UserId,
    id: &QueueId,
    wanted: u64,
    queue: &Queue,
) -> Result<ClaimOutcome, Failure> {
    let there = entry_item::get_cached(app, user, id).await?;
    let missed_at = there.as_ref().and_then(|entry| entry.missed_at);
    if let Some(called) = existing_outcome(there, wanted, app.now()) {
        return Ok(called);
    }
    // Read before its batch: the move that opens the batch of a second call takes this away.
    if missed_at.is_some() && missed::is_noted(app, id, wanted).await? {
        return Ok(ClaimOutcome::Missed);
    }
    entry_item::forget(app, user, id);
    match claim(app, user, id, wanted, queue).await? {
        Some(outcome) => Ok(outcome),
        None => match missed_at {
            None => call_again(app, user, id, wanted).await,
            // Nobody can have missed a second call yet: what was noted a moment ago is not to be seen everywhere.
            Some(missed_at) if app.now() < missed_at + queue.settings.claim_window() => Ok(ClaimOutcome::Missed),
            Some(_) => end_unclaimed(app, user, id, wanted).await,
        },
    }
}

/// Claims a number that was called, in one transaction of token and batch. None when the batch is closed: then the
/// window was missed, and the place has been given on.
async fn claim(
    app: &App,
    user: UserId,
    id: &QueueId,
    wanted: u64,
    queue: &Queue,
) -> Result<Option<ClaimOutcome>, Failure> {
    let mut attempts = Attempts::new(app);
    let mut unseen = false;
    loop {
        let Some(batch) = batches::find(app, id, wanted).await? else {
            // A query may run ahead of the rest of the transaction whose serving we have seen: one look is not enough.
            if std::mem::replace(&mut unseen, true) {
                return Ok(None);
            }
            attempts.wait().await?;
            continue;
        };
        // Not before the queue was moved, whatever this clock says.
        let now = app.now().max(queue.looked_at);
        let expires_at = EpochSecond::begun(now).plus(queue.settings.active_minutes * SECONDS_PER_MINUTE);
        let mut transaction = Transaction::new();
        transaction.add(Guard::Waiting, admit(user, id, wanted, now, expires_at));
        let claimed = Write::update(&keys::admission_batch(id, batch.first)).set_to("claimed", "claimed + :one");
        transaction.add(Guard::Open, claimed.when("attribute_exists(pk)").value(":one", number(1)));
        match transaction.commit(app).await {
            Ok(()) => {
                let admission = Admission { queue: id.clone(), number: wanted, expires_at };
                return Ok(Some(ClaimOutcome::Admitted(admission)));
            }
            Err(Rejected::Guards(failed)) => {
                if let Some(FailedGuard { old, .. }) = failed.into_iter().find(|failed| failed.guard == Guard::Waiting)
                {
                    let there = old.map(|old| read_entry(user, id, old)).transpose()?.flatten();
                    return existing_outcome(there, wanted, app.now()).ok_or_else(busy).map(Some);
                }
                attempts.wait().await?;
            }
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// The outcome that an existing entry means for the holder of a called number; none if it waits to be claimed.
fn existing_outcome(there: Option<QueueEntry>, wanted: u64, now: Timestamp) -> Option<ClaimOutcome> {
    let Some(entry) = there.filter(|entry| entry.number == wanted) else { return Some(ClaimOutcome::Replaced) };
    match (entry.state_at(now), entry.expires_at) {
        (EntryState::Waiting, _) => None,
        (EntryState::Admitted, Some(expires_at)) => {
            Some(ClaimOutcome::Admitted(Admission { queue: entry.queue, number: wanted, expires_at }))
        }
        (state, _) => Some(ClaimOutcome::Ended(state)),
    }
}

fn busy() -> Failure {
    Failure::Internal("a queue token waits although the condition that it does has failed".to_owned())
}

/// Notes that a number is to be called a second time, on condition that its holder waits and has not had that before.
async fn call_again(app: &App, user: UserId, id: &QueueId, wanted: u64) -> Result<ClaimOutcome, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let waits = "#state = :waiting AND #number = :number AND attribute_not_exists(missed_at)";
        let entry = with_reserved_names(Write::update(&keys::queue_entry(user, id)).when(waits))
            .set("missed_at", number(app.now().as_millisecond()))
            .value(":waiting", text(EntryState::Waiting.as_str()))
            .value(":number", number(wanted));
        let mut transaction = Transaction::new();
        transaction.add((), entry);
        transaction.add((), missed::create(id, wanted)?);
        match transaction.commit(app).await {
            Ok(()) => return Ok(ClaimOutcome::Missed),
            Err(Rejected::Guards(failed)) => {
                let old = failed.into_iter().find_map(|failed| failed.old);
                let there = old.map(|old| read_entry(user, id, old)).transpose()?.flatten();
                // Noted by another poll, or by a try of this one whose answer was lost.
                return Ok(existing_outcome(there, wanted, app.now()).unwrap_or(ClaimOutcome::Missed));
            }
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Ends a token whose number nobody claimed in time, although it was called twice.
async fn end_unclaimed(app: &App, user: UserId, id: &QueueId, wanted: u64) -> Result<ClaimOutcome, Failure> {
    let write = with_reserved_names(
        Write::update(&keys::queue_entry(user, id)).when("#state = :waiting AND #number = :number"),
    )
    .set("#state", text(EntryState::Expired.as_str()))
    .set("ended_at", number(app.now().as_millisecond()))
    .value(":waiting", text(EntryState::Waiting.as_str()))
    .value(":number", number(wanted));
    match write.run(app, ReturnValue::None).await {
        Ok(_) => Ok(ClaimOutcome::Ended(EntryState::Expired)),
        Err(Rejected::Guards(failed)) => {
            let old = failed.into_iter().find_map(|failed| failed.old);
            let there = old.map(|old| read_entry(user, id, old)).transpose()?.flatten();
            existing_outcome(there, wanted, app.now()).ok_or_else(busy)
        }
        Err(rejected) => Err(rejected.into_failure()),
    }
}

fn admit(user: UserId, id: &QueueId, wanted: u64, now: Timestamp, expires_at: EpochSecond) -> Write {
    with_reserved_names(Write::update(&keys::queue_entry(user, id)).when("#state = :waiting AND #number = :number"))
        .set("#state", text(EntryState::Admitted.as_str()))
        .set("admitted_at", number(now.as_millisecond()))
        .set("expires_at", number(expires_at))
        .set("expiry_shard", text(keys::expiry_shard(TOKEN_KIND, user.0)))
        // Its removal by TTL would be no end of it.
        .set("delete_at", number(i64::from(expires_at) + TOKEN_KEPT_SECONDS))
        .value(":waiting", text(EntryState::Waiting.as_str()))
        .value(":number", number(wanted))
}

/// Ends the admissions whose time has passed: at most `steps_max` pages of at most `page_max`.
///
/// # Errors
/// When the index cannot be read.
pub async fn sweep(app: &App, page_max: u16, steps_max: usize) -> Result<Swept, Failure> {
    let swept = sweep::run(app, TOKEN_KIND, page_max, steps_max, |app, key| async move {
        let Some((user, id)) = keys::parse_owned(&key, keys::TOKEN_PREFIX) else { return Ok(false) };
        let Ok(queue) = QueueId::parse(id) else { return Ok(false) };
        match entry_item::get(&app, user, &queue, Consistency::Strong).await? {
            Some(entry) if entry.state == EntryState::Admitted && entry.state_at(app.now()) == EntryState::Expired => {
                end_admission(&entry, EntryState::Expired, app.now()).apply(&app).await
            }
            _ => Ok(false),
        }
    })
    .await?;
    Ok(swept.told(app))
}

/// Frees one place for each of these events of ended admissions, once however often they come.
///
/// # Errors
/// When the table fails, or there is no such queue.
pub async fn finish(app: &App, id: &QueueId, events: &[&str]) -> Result<(), Failure> {
    for some in events.chunks(once::EVENTS_MAX) {
        let places: BTreeMap<&str, ()> = some.iter().map(|event| (*event, ())).collect();
        once::process_once(app, "free_queue_places", places, |new| vec![queue::count_finished(id, new.count())])
            .await?;
    }
    Ok(())
}
