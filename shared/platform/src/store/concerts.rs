//! Concerts, their listing by time and the search in their names.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use onsale_domain::concert::letter_pairs;
use onsale_domain::queue::QueueId;
use onsale_domain::text::folded;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cache::SCHEDULE_SECONDS;
use super::item::{from_item, key_of, number, text, to_item, unreadable};
use super::read::{self, Consistency, ListError, PAGES_MAX, Page, Query};
use super::schedules::{DELETION_KIND, DELETION_REST_SECONDS};
use super::table;
use super::write::{Rejected, Transaction, Write};
use super::{Attempts, Failure};
use crate::app::App;

/// A concert as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concert {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Description, may be empty.
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Digest of the request that created it.
    pub fingerprint: String,
    /// The waiting queue that guards its sale; the same for good.
    pub queue: Option<QueueId>,
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
    #[serde(default)]
    deleting: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    certain: bool,
    /// Whose mark it is, while it is being deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deletion: Option<Uuid>,
}

/// An entry of the name search has what a filter needs.
#[derive(Serialize)]
struct LetterPairItem<'a> {
    id: Uuid,
    folded_name: &'a str,
}

/// What became of a concert that was to be created.
#[derive(Debug)]
pub enum Created {
    /// It was written.
    New,
    /// One was there already under its id.
    Before(Concert),
    /// There is no such queue.
    NoQueue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    New,
    QueueThere,
    Searchable,
}

/// Writes a concert with its search entries in one transaction, or finds the one that is there under its id.
///
/// # Errors
/// When the table fails.
pub async fn create(app: &App, concert: &Concert) -> Result<Created, Failure> {
    let folded_name = folded(&concert.name);
    let item = ConcertItem {
        id: concert.id,
        name: concert.name.clone(),
        folded_name: folded_name.clone(),
        description: concert.description.clone(),
        owner: table::CONCERTS_BY_TIME.to_owned(),
        created_at: concert.created_at.as_millisecond(),
        fingerprint: concert.fingerprint.clone(),
        queue_id: concert.queue.as_ref().map(ToString::to_string),
        deleting: false,
        certain: false,
        deletion: None,
    };
    let mut attempts = Attempts::new(app);
    loop {
        let mut transaction = Transaction::new();
        transaction.add(Guard::New, Write::create(to_item(&table::concert(concert.id), &item)?));
        if let Some(queue) = &concert.queue {
            transaction.add(Guard::QueueThere, Write::check(&table::queue(queue)).when("attribute_exists(pk)"));
        }
        for pair in letter_pairs(&folded_name) {
            let key = table::letter_pair(&pair, item.created_at, concert.id);
            let entry = LetterPairItem { id: concert.id, folded_name: &folded_name };
            transaction.add(Guard::Searchable, Write::replace(to_item(&key, &entry)?));
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(Created::New),
            Err(rejected @ (Rejected::Guards(_) | Rejected::Failure(Failure::Unknown))) => {
                // Also one that is being deleted: a repeat of its creation is still a repeat.
                if let Some(existing) = kept(app, concert.id).await? {
                    return read_concert(existing).map(Created::Before);
                }
                if matches!(&rejected, Rejected::Guards(failed) if failed[0].guard == Guard::QueueThere) {
                    return Ok(Created::NoQueue);
                }
                attempts.again().await?;
            }
            Err(rejected) => attempts.again_after(&rejected).await?,
        }
    }
}

/// A concert that is not being deleted.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, id: Uuid) -> Result<Option<Concert>, Failure> {
    kept(app, id).await?.filter(|concert| !concert.deleting).map(read_concert).transpose()
}

/// The queue that guards a concert's sale, if it has one. A concert keeps its queue, so this may be remembered.
///
/// # Errors
/// When the table fails.
pub async fn queue_of(app: &App, id: Uuid) -> Result<Option<QueueId>, Failure> {
    if let Some(known) = app.caches().concert_queues.get(&id, app.now(), SCHEDULE_SECONDS) {
        return Ok(known);
    }
    // What is not there yet may come to be.
    let Some(concert) = kept(app, id).await? else { return Ok(None) };
    let queue = read_concert(concert)?.queue;
    app.caches().concert_queues.put(id, queue.clone(), app.now());
    Ok(queue)
}

async fn kept(app: &App, id: Uuid) -> Result<Option<ConcertItem>, Failure> {
    let item = read::get(app, &table::concert(id), Consistency::Strong).await?;
    item.map(from_item::<ConcertItem>).transpose()
}

/// A page of the concerts whose folded names contain `query`, newest first.
///
/// # Errors
/// [`ListError::Cursor`] when the cursor is not of this list.
pub async fn search(app: &App, query: &str, limit: u16, cursor: Option<&str>) -> Result<Page<Concert>, ListError> {
    let pairs = letter_pairs(query);
    let keys = match pairs.first() {
        Some(pair) => {
            let candidates = Query::partition(table::letter_pair_partition(pair), "CONCERT#")
                .newest_first()
                .filter("contains(folded_name, :query)", vec![(":query", text(query))]);
            let page = candidates.listed(app, limit, cursor).await?;
            page.filter_map(|item| item.get("id")?.as_s().ok()?.parse().ok().map(table::concert))
        }
        None => {
            Query::by_time(table::CONCERTS_BY_TIME).listed(app, limit, cursor).await?.filter_map(|item| key_of(&item))
        }
    };
    let found = read::get_all(app, &keys.items, Consistency::Eventual).await?;
    let mut concerts: Vec<ConcertItem> = found.into_iter().map(from_item).collect::<Result<_, _>>()?;
    // One letter has no pair to look under: those pages are filtered here, so they may be short.
    concerts.retain(|concert| !concert.deleting && concert.folded_name.contains(query));
    concerts.sort_by_key(|concert| (std::cmp::Reverse(concert.created_at), concert.id));
    let items: Result<Vec<Concert>, Failure> = concerts.into_iter().map(read_concert).collect();
    Ok(Page { items: items?, next: keys.next })
}

/// What marking a concert as being deleted came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marked {
    /// There is no such concert.
    NoConcert,
    /// By this deletion.
    Now,
    /// By another, whose request may be at it still.
    Before,
    /// Deleted for certain.
    Certain,
}

/// Marks a concert as being deleted by `deletion`: it is neither shown nor given schedules. The mark also puts it on
/// the expiry index, so that the sweep ends the deletion. A mark whose request must have died is taken over.
pub(crate) async fn mark_deleting(app: &App, id: Uuid, deletion: Uuid) -> Result<Marked, Failure> {
    let now = app.now().as_second();
    let set = "SET deleting = :yes, deletion = :mine, expiry_shard = :shard, expires_at = :from";
    let write = Write::update(&table::concert(id), set)
        .when(
            "attribute_exists(pk) AND attribute_not_exists(certain) \
             AND (deleting = :no OR deletion = :mine OR expires_at < :now)",
        )
        .value(":yes", AttributeValue::Bool(true))
        .value(":no", AttributeValue::Bool(false))
        .value(":mine", text(deletion.to_string()))
        .value(":now", number(now))
        .value(":shard", text(table::expiry_shard(DELETION_KIND, id)))
        .value(":from", number(now + DELETION_REST_SECONDS));
    if write.applies(app).await? {
        return Ok(Marked::Now);
    }
    Ok(match kept(app, id).await? {
        None => Marked::NoConcert,
        Some(concert) if concert.certain => Marked::Certain,
        Some(_) => Marked::Before,
    })
}

/// Notes that a deletion can no longer be undone; `false` when the mark is not its own any more.
pub(crate) async fn mark_certain(app: &App, id: Uuid, deletion: Uuid) -> Result<bool, Failure> {
    let write = Write::update(&table::concert(id), "SET certain = :yes").when("deletion = :mine");
    write.value(":yes", AttributeValue::Bool(true)).value(":mine", text(deletion.to_string())).applies(app).await
}

/// Takes a deletion's mark away again, unless it has become certain.
pub(crate) async fn unmark(app: &App, id: Uuid, deletion: Uuid) -> Result<(), Failure> {
    let write = Write::update(&table::concert(id), "SET deleting = :no REMOVE deletion, expiry_shard, expires_at")
        .when("deletion = :mine AND attribute_not_exists(certain)");
    let write = write.value(":no", AttributeValue::Bool(false)).value(":mine", text(deletion.to_string()));
    write.applies(app).await.map(|_| ())
}

/// The deletion that has marked a concert.
pub(crate) async fn deletion_of(app: &App, id: Uuid) -> Result<Option<Uuid>, Failure> {
    Ok(kept(app, id).await?.and_then(|concert| concert.deletion))
}

/// Whether a concert is deleted for certain, its schedules with it.
pub(crate) async fn is_certain(app: &App, id: Uuid) -> Result<bool, Failure> {
    Ok(kept(app, id).await?.is_some_and(|concert| concert.certain))
}

/// Removes a concert and its search entries in one transaction; one that is gone already is fine.
pub(crate) async fn remove(app: &App, id: Uuid) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    for _ in 0..PAGES_MAX {
        let Some(item) = read::get(app, &table::concert(id), Consistency::Strong).await? else {
            return Ok(());
        };
        let concert: ConcertItem = from_item(item)?;
        let mut transaction = Transaction::new();
        transaction.add((), Write::delete(&table::concert(id)));
        for pair in letter_pairs(&concert.folded_name) {
            transaction.add((), Write::delete(&table::letter_pair(&pair, concert.created_at, id)));
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(()),
            Err(rejected) => attempts.again_after(&rejected).await?,
        }
    }
    Err(Failure::Busy)
}

fn read_concert(item: ConcertItem) -> Result<Concert, Failure> {
    Ok(Concert {
        id: item.id,
        name: item.name,
        description: item.description,
        created_at: Timestamp::from_millisecond(item.created_at).map_err(unreadable)?,
        fingerprint: item.fingerprint,
        queue: item.queue_id.map(|id| QueueId::parse(&id)).transpose().map_err(unreadable)?,
    })
}
