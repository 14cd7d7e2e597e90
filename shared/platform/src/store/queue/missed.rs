//! Missed calls: a number whose holder was away when it was called is called once more, when its holder comes back.
//!
//! The number is noted here together with the entry, which can be so once. A move takes it away again as it opens a
//! batch of this one number: the place that was given back is taken again, and is claimed or closed like any other.

use onsale_domain::queue::QueueId;
use onsale_domain::queue::moves::AGAIN_PER_MOVE_MAX;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{from_item, to_item};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, Query};
use crate::store::dynamodb::transaction::Write;

#[derive(Serialize, Deserialize)]
struct MissedItem {
    number: u64,
}

/// The write that notes a number to be called a second time.
pub(crate) fn create(id: &QueueId, missed: u64) -> Result<Write, Failure> {
    Ok(Write::replace(to_item(&keys::missed(id, missed), &MissedItem { number: missed })?))
}

/// The first numbers of a queue that are to be called a second time, in order: as many as one move calls.
pub(crate) async fn list(app: &App, id: &QueueId) -> Result<Vec<u64>, Failure> {
    let most = i32::try_from(AGAIN_PER_MOVE_MAX).unwrap_or(i32::MAX);
    let (items, _) = Query::whole_partition(keys::missed_partition(id)).page(app, most, None).await?;
    items.into_iter().map(|item| from_item(item).map(|item: MissedItem| item.number)).collect()
}

/// Whether a number still waits for its second call.
pub(crate) async fn is_noted(app: &App, id: &QueueId, missed: u64) -> Result<bool, Failure> {
    Ok(query::get(app, &keys::missed(id, missed), Consistency::Strong).await?.is_some())
}

/// The write by which a number waits no more for its second call, on condition that it does.
pub(crate) fn remove(id: &QueueId, missed: u64) -> Write {
    Write::delete(&keys::missed(id, missed)).when("attribute_exists(pk)")
}
