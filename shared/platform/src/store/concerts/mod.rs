//! Concerts, their listing by time and the search in their names.

pub mod dates;
pub(crate) mod delete_blocks;
pub mod delete_concert;
pub(crate) mod delete_marks;
pub mod delete_schedule;
pub mod delete_sweep;
pub mod guard_queue;
pub mod schedules;

use jiff::Timestamp;
use onsale_domain::concerts::concert::{DATES_MAX, letter_pairs};
use onsale_domain::id::{ConcertId, UserId};
use onsale_domain::queue::QueueId;
use onsale_domain::text::fold;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::concerts::delete_marks::DeletionMark;
use crate::store::dynamodb::cache::SCHEDULE_SECONDS;
use crate::store::dynamodb::idempotency::{KeyReused, Once, create_once};
use crate::store::dynamodb::item::{Item, from_item, key_of, number, text, time, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, ListFailure, PAGES_MAX, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Transaction, Write};
use crate::store::views::Page;

/// A concert as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concert {
    /// Id.
    pub id: ConcertId,
    /// Name.
    pub name: String,
    /// Description, may be empty.
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Digest of the request that created it.
    pub fingerprint: String,
    /// The waiting queue that guards its sale.
    pub queue: Option<QueueId>,
    /// The user who may change it: whoever created it.
    pub organiser: UserId,
}

#[derive(Serialize, Deserialize)]
struct ConcertItem {
    id: Uuid,
    name: String,
    folded_name: String,
    description: String,
    owner: String,
    created_at: i64,
    fingerprint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
    organiser_id: Uuid,
    /// How many dates it has.
    dates: u32,
    /// While it is being deleted.
    #[serde(default, skip_serializing)]
    deletion: Option<Uuid>,
}

/// An entry of the name search has what a filter needs.
#[derive(Serialize)]
struct LetterPairItem<'a> {
    id: Uuid,
    folded_name: &'a str,
}

/// Why a concert was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateConcertFailure {
    /// There is no such queue.
    #[error("no such queue")]
    NoQueue,
    /// The queue guards [`CONCERTS_MAX`](onsale_domain::queue::CONCERTS_MAX) concerts.
    #[error("the queue guards as many concerts as it may")]
    QueueFull,
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    New,
    QueueHasRoom,
    Guarded,
    Searchable,
    Logged,
}

/// Writes a concert with its search entries in one transaction.
///
/// # Errors
/// See [`CreateConcertFailure`].
pub async fn create(app: &App, concert: &Concert, action: &AdminAction) -> Result<Once<Concert>, CreateConcertFailure> {
    let folded_name = fold(&concert.name);
    let item = ConcertItem {
        id: concert.id.0,
        name: concert.name.clone(),
        folded_name: folded_name.clone(),
        description: concert.description.clone(),
        owner: keys::CONCERTS_BY_TIME.to_owned(),
        created_at: concert.created_at.as_millisecond(),
        fingerprint: concert.fingerprint.clone(),
        queue_id: concert.queue.as_ref().map(ToString::to_string),
        organiser_id: concert.organiser.0,
        dates: 0,
        deletion: None,
    };
    let transaction = || -> Result<Transaction<Guard>, Failure> {
        let mut transaction = Transaction::new();
        transaction.add(Guard::New, Write::create(to_item(&keys::concert(concert.id), &item)?));
        if let Some(queue) = &concert.queue {
            transaction.add(Guard::QueueHasRoom, guard_queue::count_one_more(queue));
            transaction.add(Guard::Guarded, guard_queue::add(queue, concert.id));
        }
        for pair in letter_pairs(&folded_name) {
            let key = keys::letter_pair(&pair, item.created_at, concert.id);
            let entry = LetterPairItem { id: concert.id.0, folded_name: &folded_name };
            transaction.add(Guard::Searchable, Write::replace(to_item(&key, &entry)?));
        }
        transaction.add(Guard::Logged, action.write(app)?);
        Ok(transaction)
    };
    // Also one that is being deleted: a repeat of its creation is still a repeat.
    let load = || async { get_item(app, concert.id).await?.map(read_concert).transpose() };
    let refused = |failed: &[FailedGuard<Guard>]| {
        let queue = failed.first().filter(|failed| failed.guard == Guard::QueueHasRoom)?;
        Some(if queue.old.is_some() { CreateConcertFailure::QueueFull } else { CreateConcertFailure::NoQueue })
    };
    create_once(app, concert, |concert| &concert.fingerprint, transaction, load, refused).await
}

/// A concert that is not being deleted.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, id: ConcertId) -> Result<Option<Concert>, Failure> {
    get_item(app, id).await?.filter(|concert| concert.deletion.is_none()).map(read_concert).transpose()
}

/// The queue that guards a concert's sale, if it has one; at most a minute old. It is not changed so shortly before a
/// sale.
///
/// # Errors
/// When the table fails.
pub async fn queue_of(app: &App, id: ConcertId) -> Result<Option<QueueId>, Failure> {
    if let Some(known) = app.caches().concert_queues.get(&id, app.now(), SCHEDULE_SECONDS) {
        return Ok(known);
    }
    // A concert that is not there yet may come to be.
    let Some(concert) = get_item(app, id).await? else { return Ok(None) };
    let queue = read_concert(concert)?.queue;
    app.caches().concert_queues.put(id, queue.clone(), app.now());
    Ok(queue)
}

/// The organiser of a concert, also while it is being deleted; `None` where there is no concert.
///
/// # Errors
/// When the table fails.
pub async fn organiser_of(app: &App, id: ConcertId) -> Result<Option<UserId>, Failure> {
    Ok(get_item(app, id).await?.map(|concert| UserId(concert.organiser_id)))
}

async fn get_item(app: &App, id: ConcertId) -> Result<Option<ConcertItem>, Failure> {
    let item = query::get(app, &keys::concert(id), Consistency::Strong).await?;
    item.map(from_item::<ConcertItem>).transpose()
}

/// A page of the concerts whose folded names contain `query`, newest first.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn search(app: &App, query: &str, limit: u16, cursor: Option<&str>) -> Result<Page<Concert>, ListFailure> {
    // One letter has no pair to look under: then all concerts are candidates.
    let candidates = match letter_pairs(query).first() {
        Some(pair) => Query::partition(keys::letter_pair_partition(pair), "CONCERT#")
            .newest_first()
            .filter("contains(folded_name, :query)", vec![(":query", text(query))]),
        None => Query::by_time(keys::CONCERTS_BY_TIME),
    };
    let query = query.to_owned();
    let show = move |app: App, found: Vec<Item>| {
        let query = query.clone();
        async move {
            let keys: Vec<keys::Key> = found.iter().filter_map(concert_key).collect();
            let found = query::batch_get_in_order(&app, &keys, Consistency::Eventual).await?;
            found.into_iter().map(|item| item.map_or(Ok(None), |item| read_match(item, &query))).collect()
        }
    };
    candidates.list(app, limit, cursor, show).await
}

/// A concert that a search may show, unless it is being deleted or its name is another.
fn read_match(item: Item, query: &str) -> Result<Option<Concert>, Failure> {
    let concert: ConcertItem = from_item(item)?;
    let found = concert.deletion.is_none() && concert.folded_name.contains(query);
    found.then(|| read_concert(concert)).transpose()
}

/// The concert that an entry of the search, or of the index, is about.
fn concert_key(item: &Item) -> Option<keys::Key> {
    match item.get("id") {
        Some(id) => id.as_s().ok()?.parse().ok().map(keys::concert),
        None => key_of(item),
    }
}

/// The mark of the deletion of a concert; `None` where there is none, or no concert.
pub(crate) async fn mark_of(app: &App, id: ConcertId) -> Result<Option<DeletionMark>, Failure> {
    mark_of_any(app, id).await.map(Option::flatten)
}

/// The same, told from a concert that is not there.
pub(crate) async fn mark_of_any(app: &App, id: ConcertId) -> Result<Option<Option<DeletionMark>>, Failure> {
    let item = query::get(app, &keys::concert(id), Consistency::Strong).await?;
    item.map(|item| DeletionMark::from_item(&item)).transpose()
}

/// The write by which a concert gets one date more behind this queue, on condition that it is there, stays, has room,
/// and has no other queue.
pub(crate) fn add_date(id: ConcertId, queue: Option<&QueueId>) -> Write {
    let write = Write::update(&keys::concert(id))
        .set_to("dates", "dates + :one")
        .value(":one", number(1))
        .value(":most", number(DATES_MAX));
    let condition = "attribute_exists(pk) AND attribute_not_exists(deletion) AND dates < :most";
    match queue {
        Some(queue) => write.when(format!("{condition} AND queue_id = :queue")).value(":queue", text(queue.as_str())),
        None => write.when(format!("{condition} AND attribute_not_exists(queue_id)")),
    }
}

/// Why [`add_date`] was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateRefusal {
    /// The concert is gone or going.
    NoConcert,
    /// It has as many dates as it may have.
    Full,
    /// Its queue was changed meanwhile.
    OtherQueue,
}

impl DateRefusal {
    /// By the concert as it was then.
    pub(crate) fn of(concert: Option<&Item>) -> Self {
        match concert {
            Some(concert) if !concert.contains_key("deletion") => {
                let dates: Option<u32> = concert.get("dates").and_then(|dates| dates.as_n().ok()?.parse().ok());
                if dates.is_some_and(|dates| dates < DATES_MAX) { Self::OtherQueue } else { Self::Full }
            }
            _ => Self::NoConcert,
        }
    }
}

/// The write by which a concert has one date less.
pub(crate) fn drop_date(id: ConcertId) -> Write {
    Write::update(&keys::concert(id)).set_to("dates", "dates - :one").when("dates >= :one").value(":one", number(1))
}

/// Removes a concert and its search entries in one transaction; one that is gone already is fine.
pub(crate) async fn remove(app: &App, id: ConcertId) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    for _ in 0..PAGES_MAX {
        let Some(item) = query::get(app, &keys::concert(id), Consistency::Strong).await? else {
            return Ok(());
        };
        let concert: ConcertItem = from_item(item)?;
        let mut transaction = Transaction::new();
        transaction.add((), Write::delete(&keys::concert(id)).when("attribute_exists(pk)"));
        if let Some(queue) = concert.queue_id.as_deref().map(QueueId::parse).transpose().map_err(unreadable)? {
            transaction.add((), guard_queue::remove(&queue, id));
            transaction.add((), guard_queue::count_one_less(&queue));
        }
        for pair in letter_pairs(&concert.folded_name) {
            transaction.add((), Write::delete(&keys::letter_pair(&pair, concert.created_at, id)));
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(()),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
    Err(Failure::Busy)
}

fn read_concert(item: ConcertItem) -> Result<Concert, Failure> {
    Ok(Concert {
        id: ConcertId(item.id),
        name: item.name,
        description: item.description,
        created_at: time(item.created_at)?,
        fingerprint: item.fingerprint,
        queue: item.queue_id.map(|id| QueueId::parse(&id)).transpose().map_err(unreadable)?,
        organiser: UserId(item.organiser_id),
    })
}
