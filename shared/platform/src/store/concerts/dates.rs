//! The dates of a concert as everybody may see them, before their sale too: times, prices, and the seats that are left.

use std::sync::Arc;

use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::id::{ConcertId, ScheduleId};
use onsale_domain::time::EpochSecond;
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::concerts::schedules;
use crate::store::dynamodb::cache::VIEW_SECONDS;
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Query};
use crate::store::seats::{self, side_by_side};
use crate::store::views::DateView;

/// Most dates of a concert that are shown together.
pub const DATES_SHOWN_MAX: u16 = 50;

/// The next dates of a concert, at most `most`, earliest first; of a concert whose dates have all begun, the last ones.
/// At most `seconds` old, and a second at least; their seats were counted up to two seconds before that.
///
/// # Errors
/// When the table fails.
pub async fn list(app: &App, concert: ConcertId, most: u16, seconds: i64) -> Result<Arc<Vec<DateView>>, Failure> {
    let key = (concert, most);
    if let Some(known) = app.caches().dates.get(&key, app.now(), seconds.max(VIEW_SECONDS)) {
        return Ok(known);
    }
    let dates: Vec<ScheduleId> = find(app, concert, most).await?.iter().map(|schedule| schedule.id).collect();
    let look = |app: App, date: ScheduleId| async move {
        // The copies in the list do not know the sections.
        let Some(schedule) = schedules::get_cached(&app, date, []).await? else { return Ok(None) };
        let seats = seats::overview(&app, &schedule).await?;
        Ok(Some(DateView { schedule, seats }))
    };
    let mut shown: Vec<DateView> = side_by_side(app, dates, look).await?.into_iter().flatten().collect();
    shown.sort_by_key(|date| (date.schedule.starts_at, date.schedule.id.0));
    let shown = Arc::new(shown);
    app.caches().dates.put(key, Arc::clone(&shown), app.now());
    Ok(shown)
}

/// The copies in the list of a concert's next dates, or of its last ones.
async fn find(app: &App, concert: ConcertId, most: u16) -> Result<Vec<Schedule>, Failure> {
    let now = keys::schedule_listing(concert, EpochSecond::begun(app.now()), ScheduleId(Uuid::nil()));
    let next = Query::partition(keys::concert_partition(concert), keys::LISTED_SCHEDULE_PREFIX).after(now.clone());
    let last = Query::up_to(&now, keys::LISTED_SCHEDULE_PREFIX);
    for query in [next, last] {
        let query = query.filter("attribute_not_exists(deletion)", Vec::new());
        let page = query.list(app, most, None, query::map_each(schedules::read_listed)).await;
        // Only a cursor can be refused, and there is none.
        let found = page.map_err(|failure| Failure::Internal(failure.to_string()))?.items;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}
