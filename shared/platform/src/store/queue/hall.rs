//! The hall behind a queue: how many seats of its concerts' dates on sale are left.

use jiff::Timestamp;
use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::id::{ConcertId, ScheduleId};
use onsale_domain::queue::{CONCERTS_MAX, Queue, QueueId, SeatsLeft};

use crate::app::App;
use crate::failure::Failure;
use crate::store::concerts::schedules;
use crate::store::dynamodb::item::{key_of, unreadable};
use crate::store::dynamodb::keys::{self, GUARDED_CONCERT_PREFIX};
use crate::store::dynamodb::query::Query;
use crate::store::seats::{self, side_by_side};
use crate::store::views::Counts;

/// Most dates on sale at one time whose seats are counted. Of a queue with more nobody knows whether it is sold out.
const DATES_COUNTED_MAX: u16 = 100;

/// The seats that are left behind a queue that was read; as it knew them if they cannot be counted now.
pub(crate) async fn look(app: &App, id: &QueueId, read: &Queue) -> Option<SeatsLeft> {
    if read.concerts == 0 {
        return None;
    }
    count(app, id, app.now()).await.unwrap_or_else(|failure| {
        tracing::warn!(queue = %id, %failure, "the seats behind a queue could not be counted");
        read.seats_left
    })
}

/// Counts the seats of every date that is on sale; none if there is no seat on sale, or too many dates are.
async fn count(app: &App, id: &QueueId, now: Timestamp) -> Result<Option<SeatsLeft>, Failure> {
    let on_sale = |app: App, concert: ConcertId| async move {
        let page = schedules::list_bookable(&app, concert, now, DATES_COUNTED_MAX, None).await;
        // Only a cursor can be refused, and there is none.
        page.map_err(|failure| Failure::Internal(failure.to_string()))
    };
    let (mut dates, mut is_whole): (Vec<ScheduleId>, bool) = (Vec::new(), true);
    for page in side_by_side(app, guarded(app, id).await?, on_sale).await? {
        is_whole &= page.next.is_none();
        dates.extend(page.items.iter().map(|schedule: &Schedule| schedule.id));
    }
    if !is_whole || dates.len() > usize::from(DATES_COUNTED_MAX) {
        return Ok(None);
    }
    let counted = side_by_side(app, dates, |app, date| async move {
        // The copies in the list do not know the sections.
        match schedules::get_cached(&app, date, []).await? {
            Some(schedule) => seats::overview(&app, &schedule).await.map(Some),
            None => Ok(None),
        }
    });
    let counted = counted.await?;
    let sections = || counted.iter().flatten().flat_map(|overview| overview.sections.values());
    let sum = |of: fn(&Counts) -> u32| sections().map(|counts| u64::from(of(counts))).sum::<u64>();
    let (available, held, sold) =
        (sum(|counts| counts.available), sum(|counts| counts.held), sum(|counts| counts.sold));
    Ok((available + held + sold > 0).then_some(SeatsLeft { available, held }))
}

/// The concerts that a queue guards.
async fn guarded(app: &App, id: &QueueId) -> Result<Vec<ConcertId>, Failure> {
    let query = Query::partition(keys::queue_partition(id), GUARDED_CONCERT_PREFIX);
    let items = query.all(app, CONCERTS_MAX as usize).await?;
    let concert = |item| {
        let key = key_of(item)?;
        key.sk.strip_prefix(GUARDED_CONCERT_PREFIX)?.parse().ok()
    };
    items.iter().map(|item| concert(item).ok_or_else(|| unreadable("a guarded concert"))).collect()
}
