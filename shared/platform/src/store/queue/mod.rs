//! Queues: their settings, and the numbers they have given out and called.
//!
//! **Polls move the queue on** ([`moves`]): of each process at most one request a second reads the queue.

pub mod admissions;
pub(crate) mod batches;
pub mod delete;
pub mod entries;
pub(crate) mod entry_item;
pub(crate) mod gaps;
pub mod guard;
pub(crate) mod hall;
pub(crate) mod missed;
pub mod moves;
pub mod numbers;
pub(crate) mod queue_item;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use onsale_domain::queue::settings::Settings;
use onsale_domain::queue::{Queue, QueueId};

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::dynamodb::cache::VIEW_SECONDS;
use crate::store::dynamodb::idempotency::Once;
use crate::store::dynamodb::item::{Item, key_of, number, text};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, ListFailure, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Transaction, Write};
use crate::store::queue::moves::Mover;
use crate::store::queue::numbers::read_counter;
use crate::store::queue::queue_item::read_queue;
use crate::store::views::Page;

/// How long a poll takes part in moving its queue; then it answers with what it has read.
const POLL_MOVES_FOR: Duration = Duration::from_secs(2);

/// Makes a queue or changes its settings; whoever waits or is admitted stays. Settings that it has already are not
/// written again.
///
/// # Errors
/// When the table fails.
pub async fn put(app: &App, id: &QueueId, settings: Settings, action: &AdminAction) -> Result<Once<Queue>, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let old = query::get(app, &keys::queue(id), Consistency::Strong).await?;
        let version = old.as_ref().and_then(|old| old.get("version").cloned());
        let old = old.map(read_queue).transpose()?;
        if old.as_ref().is_some_and(|old| old.settings == settings)
            && let Some(same) = old
        {
            return Ok(Once::Existing(same));
        }
        // A queue of this name may have been before: no number is given out twice.
        let issued = if old.is_some() { 0 } else { numbers::counter(app, id).await?.issued };
        let new = Queue::continued(settings.clone(), issued, app.now());
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
    let settings = &new.settings;
    let mut write = Write::update(&keys::queue(id))
        .set("#owner", text(keys::QUEUES_BY_TIME))
        .set("#capacity", number(settings.capacity))
        .set("admit_per_second", number(settings.admit_per_second))
        .set("active_minutes", number(settings.active_minutes))
        .set("claim_seconds", number(settings.claim_seconds))
        .set_or_remove("opens_at", settings.opens_at.map(|time| number(time.as_millisecond())))
        .set_or_remove("closes_at", settings.closes_at.map(|time| number(time.as_millisecond())))
        .set_or_remove("ends_at", settings.ends_at.map(|time| number(time.as_millisecond())))
        .set_or_remove("paused", settings.is_paused.then_some(AttributeValue::Bool(true)))
        .set_or_remove("message", settings.message.as_ref().map(text))
        .set_to("version", "if_not_exists(version, :zero) + :one")
        .name("#owner", "owner")
        .name("#capacity", "capacity")
        .value(":zero", number(0))
        .value(":issued", number(new.seen))
        .value(":one", number(1))
        .value(":now", number(new.looked_at.as_millisecond()));
    for counter in ["ends_micro", "in_use_milliseconds", "concerts"] {
        write = write.set_to(counter, &format!("if_not_exists({counter}, :zero)"));
    }
    for number in ["serving", "finished", "seen", "ends_finished"] {
        write = write.set_to(number, &format!("if_not_exists({number}, :issued)"));
    }
    for time in ["created_at", "looked_at", "counted_until", "measured_at"] {
        write = write.set_to(time, &format!("if_not_exists({time}, :now)"));
    }
    write
}

/// A page of all queues, newest first, each with the last number that it has given out.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list(app: &App, limit: u16, cursor: Option<&str>) -> Result<Page<(QueueId, Queue, u64)>, ListFailure> {
    let all = Query::by_time(keys::QUEUES_BY_TIME);
    all.list(app, limit, cursor, |app, listed| async move {
        let ids: Vec<QueueId> = listed.iter().filter_map(queue_of).collect();
        let keys: Vec<keys::Key> = ids.iter().flat_map(|id| [keys::queue(id), keys::issued(id)]).collect();
        let mut found = query::batch_get_in_order(&app, &keys, Consistency::Eventual).await?.into_iter();
        let mut read = |id: QueueId| {
            let (queue, issued) = (found.next().flatten(), found.next().flatten());
            let issued = read_counter(issued)?.issued;
            Ok(queue.map(read_queue).transpose()?.map(|queue| (id, queue, issued)))
        };
        ids.into_iter().map(&mut read).collect()
    })
    .await
}

/// The queue whose item this is.
pub(crate) fn queue_of(item: &Item) -> Option<QueueId> {
    QueueId::parse(key_of(item)?.pk.strip_prefix("QUEUE#")?).ok()
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
        let advance = moves::advance(app, id, &queue, at, Mover::Poll(process));
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

/// Counts numbers of a queue as finished; only ever within a transaction that can happen once.
pub(crate) fn count_finished(id: &QueueId, count: impl ToString) -> Write {
    Write::update(&keys::queue(id))
        .set_to("finished", "finished + :count")
        .when("attribute_exists(pk)")
        .value(":count", number(count))
}
