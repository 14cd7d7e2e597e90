//! A queue token in the table: how it lies there, and the writes that note a hold made with it, use it up and end it.

use jiff::Timestamp;
use onsale_domain::id::UserId;
use onsale_domain::queue::QueueId;
use onsale_domain::queue::entry::{Admission, EntryState, QueueEntry};
use onsale_domain::time::EpochSecond;
use serde::Deserialize;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::cache::VIEW_SECONDS;
use crate::store::dynamodb::item::{Item, from_item, number, text, time, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::transaction::Write;

#[derive(Deserialize)]
struct TokenItem {
    number: u64,
    state: String,
    issued_at: i64,
    #[serde(default)]
    missed_at: Option<i64>,
    #[serde(default)]
    admitted_at: Option<i64>,
    #[serde(default)]
    expires_at: Option<u32>,
    #[serde(default)]
    ended_at: Option<i64>,
    #[serde(default)]
    holds: u64,
}

/// Reads a token; none, if the place is claimed but has no number yet.
pub(crate) fn read_entry(user: UserId, queue: &QueueId, item: Item) -> Result<Option<QueueEntry>, Failure> {
    if item.contains_key("claim") {
        return Ok(None);
    }
    let item: TokenItem = from_item(item)?;
    Ok(Some(QueueEntry {
        user,
        queue: queue.clone(),
        number: item.number,
        state: EntryState::parse(&item.state).ok_or_else(|| unreadable("state of a queue token"))?,
        issued_at: time(item.issued_at)?,
        missed_at: item.missed_at.map(time).transpose()?,
        admitted_at: item.admitted_at.map(time).transpose()?,
        expires_at: item.expires_at.map(EpochSecond),
        ended_at: item.ended_at.map(time).transpose()?,
        holds: item.holds,
    }))
}

pub(crate) async fn get(
    app: &App,
    user: UserId,
    queue: &QueueId,
    consistency: Consistency,
) -> Result<Option<QueueEntry>, Failure> {
    let item = query::get(app, &keys::queue_entry(user, queue), consistency).await?;
    Ok(item.map(|item| read_entry(user, queue, item)).transpose()?.flatten())
}

/// A user's token of a queue, at most a second old.
///
/// # Errors
/// When the table fails.
pub async fn get_cached(app: &App, user: UserId, queue: &QueueId) -> Result<Option<QueueEntry>, Failure> {
    let key = (user, queue.clone());
    if let Some(known) = app.caches().queue_tokens.get(&key, app.now(), VIEW_SECONDS) {
        return Ok(known);
    }
    let at = app.now();
    let entry = get(app, user, queue, Consistency::Strong).await?;
    app.caches().queue_tokens.put(key, entry.clone(), at);
    Ok(entry)
}

/// Lets [`get_cached`] read again.
pub(crate) fn forget(app: &App, user: UserId, queue: &QueueId) {
    app.caches().queue_tokens.forget(&(user, queue.clone()));
}

/// Both names are reserved words of the table's expressions.
pub(crate) fn with_reserved_names(write: Write) -> Write {
    write.name("#state", "state").name("#number", "number")
}

/// The end of an admitted token. Its event frees the place.
pub(crate) fn end_admission(entry: &QueueEntry, to: EntryState, now: Timestamp) -> Write {
    set_end(entry.user, &entry.queue, to, now)
        .when("#state = :admitted AND #number = :number")
        .value(":admitted", text(EntryState::Admitted.as_str()))
        .value(":number", number(entry.number))
}

/// The end of an admitted token whose holder leaves, on condition that no hold was made with it since it was read.
pub(crate) fn end_without_another_hold(entry: &QueueEntry, now: Timestamp) -> Write {
    set_end(entry.user, &entry.queue, EntryState::Left, now)
        .when("#state = :admitted AND #number = :number AND holds = :holds")
        .value(":admitted", text(EntryState::Admitted.as_str()))
        .value(":number", number(entry.number))
        .value(":holds", number(entry.holds))
}

/// Ends a token, whose place its event frees; again, it changes nothing. The caller adds the condition.
fn set_end(user: UserId, id: &QueueId, to: EntryState, now: Timestamp) -> Write {
    with_reserved_names(Write::update(&keys::queue_entry(user, id)))
        .set_to("#state", ":to")
        .value(":to", text(to.as_str()))
        .set_to("ended_at", "if_not_exists(ended_at, :ended)")
        .value(":ended", number(now.as_millisecond()))
        .set("change", text(EventKind::TokenFinished.as_str()))
        .remove("expiry_shard")
}

/// The write that notes a hold made with an admission, on condition that it lasts.
pub(crate) fn add_hold(user: UserId, id: &QueueId, admitted: u64, now: Timestamp) -> Write {
    let write = Write::update(&keys::queue_entry(user, id)).set_to("holds", "holds + :one");
    with_reserved_names(write.when("#state = :admitted AND #number = :number AND expires_at > :now"))
        .value(":one", number(1))
        .value(":admitted", text(EntryState::Admitted.as_str()))
        .value(":number", number(admitted))
        .value(":now", number(EpochSecond::begun(now)))
}

/// The write that uses an admission up, on condition that it lasts; `again` also lets one pass that was used before.
pub(crate) fn use_up(user: UserId, admission: &Admission, again: bool, now: Timestamp) -> Write {
    let lasts = "(#state = :admitted AND expires_at > :now)";
    let condition = if again { format!("({lasts} OR #state = :to)") } else { lasts.to_owned() };
    set_end(user, &admission.queue, EntryState::Used, now)
        .when(format!("#number = :number AND {condition}"))
        .value(":admitted", text(EntryState::Admitted.as_str()))
        .value(":number", number(admission.number))
        .value(":now", number(EpochSecond::begun(now)))
}
