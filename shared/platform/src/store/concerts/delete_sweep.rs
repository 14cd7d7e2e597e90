//! The sweep of abandoned deletions of concerts and schedules.

use onsale_domain::id::{ConcertId, ScheduleId};
use onsale_domain::time::EpochSecond;
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::concerts::delete_blocks::Budget;
use crate::store::concerts::delete_marks::DELETION_KIND;
use crate::store::concerts::{delete_concert, delete_schedule};
use crate::store::dynamodb::item::key_of;
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::Query;

/// Most calls that one sweep makes for one deletion, so that a large one does not keep the others waiting.
const CALLS_PER_DELETION: usize = 10_000;

/// Resumes up to `most` abandoned deletions of each expiry partition; gives how many it
/// found. Each minute begins with another partition, so that none is always the last.
///
/// # Errors
/// When the table fails.
pub async fn sweep(app: &App, most: u16, budget: &mut Budget) -> Result<usize, Failure> {
    let mut found = 0;
    let first = app.now().as_second().div_euclid(60).rem_euclid(i64::from(keys::EXPIRY_SHARDS));
    let shards: Vec<String> = keys::expiry_shards(DELETION_KIND).collect();
    let (before, after) = shards.split_at(usize::try_from(first).unwrap_or(0));
    for shard in after.iter().chain(before) {
        let query = Query::expired_before(shard.clone(), EpochSecond::begun(app.now()));
        let (items, _) = query.page(app, i32::from(most), None).await?;
        for key in items.iter().filter_map(key_of) {
            found += 1;
            let mut part = budget.part(CALLS_PER_DELETION);
            let ended = match key.pk.split_once('#').map(|(kind, id)| (kind, id.parse::<Uuid>())) {
                Some(("SCHEDULE", Ok(id))) => delete_schedule::finish(app, ScheduleId(id), &mut part).await,
                Some(("CONCERT", Ok(id))) => delete_concert::finish(app, ConcertId(id), &mut part).await,
                _ => Err(Failure::Internal("neither a schedule nor a concert is being deleted".to_owned())),
            };
            budget.put_back(part);
            // One that cannot be ended now must not keep the others; the next sweep meets it again.
            if let Err(failure) = ended {
                tracing::error!(pk = key.pk, %failure, "a deletion could not be continued");
            }
        }
    }
    Ok(found)
}
