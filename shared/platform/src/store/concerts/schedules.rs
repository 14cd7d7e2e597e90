//! Schedules, and their listing copies beside the concert.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use onsale_domain::concerts::concert::DATES_MAX;
use onsale_domain::concerts::schedule::{Schedule, Section};
use onsale_domain::id::{ConcertId, ScheduleId};
use onsale_domain::money::Price;
use onsale_domain::queue::QueueId;
use onsale_domain::seats::{Label, SECTIONS_MAX};
use onsale_domain::time::EpochSecond;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::concerts::delete_marks::{DeletionMark, Stage};
use crate::store::concerts::{self, DateRefusal};
use crate::store::dynamodb::cache::{SCHEDULE_SECONDS, VIEW_SECONDS};
use crate::store::dynamodb::idempotency::{KeyReused, Once, create_once};
use crate::store::dynamodb::item::{Item, from_item, number, text, time, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, ListFailure, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction, Write};
use crate::store::views::Page;

#[derive(Serialize, Deserialize)]
struct ScheduleItem {
    id: Uuid,
    concert_id: Uuid,
    place: String,
    starts_at: i64,
    sale_opens_at: i64,
    sale_closes_at: i64,
    max_seats_per_user: u16,
    #[serde(default)]
    sections: BTreeMap<String, SectionItem>,
    fingerprint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SectionItem {
    price: i64,
    seats: u32,
}

/// A schedule with what only its creation and deletion need.
#[derive(Clone, Debug)]
pub(crate) struct ScheduleRow {
    pub schedule: Schedule,
    pub fingerprint: String,
    /// The deletion that it is being deleted by.
    pub mark: Option<DeletionMark>,
}

/// Why a schedule was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateScheduleFailure {
    /// There is no such concert.
    #[error("no such concert")]
    NoConcert,
    /// The concert has [`DATES_MAX`](onsale_domain::concerts::concert::DATES_MAX) dates.
    #[error("the concert has as many dates as it may have")]
    Full,
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    ScheduleNew,
    ListingNew,
    ConcertHasRoom,
    Logged,
}

/// Writes a schedule and its listing copy, on condition that the concert is there, stays, and has room for it.
///
/// # Errors
/// See [`CreateScheduleFailure`].
pub async fn create(
    app: &App,
    schedule: Schedule,
    fingerprint: String,
    action: &AdminAction,
) -> Result<Once<Schedule>, CreateScheduleFailure> {
    let new = ScheduleRow { schedule, fingerprint, mark: None };
    let schedule = &new.schedule;
    let item = schedule_item(schedule, &new.fingerprint);
    let transaction = || -> Result<Transaction<Guard>, Failure> {
        let mut transaction = Transaction::new();
        transaction.add(Guard::ScheduleNew, Write::create(to_item(&keys::schedule(schedule.id), &item)?));
        transaction.add(Guard::ListingNew, Write::create(to_item(&keys::listing_of(schedule), &item)?));
        transaction.add(Guard::ConcertHasRoom, concerts::add_date(schedule.concert_id, schedule.queue.as_ref()));
        transaction.add(Guard::Logged, action.write(app)?);
        Ok(transaction)
    };
    let refused = |failed: &[FailedGuard<Guard>]| {
        let concert = failed.first().filter(|failed| failed.guard == Guard::ConcertHasRoom)?;
        Some(match DateRefusal::of(concert.old.as_ref()) {
            DateRefusal::NoConcert => CreateScheduleFailure::NoConcert,
            DateRefusal::Full => CreateScheduleFailure::Full,
            DateRefusal::OtherQueue => Failure::Busy.into(),
        })
    };
    let load = || get_row(app, schedule.id);
    let created = create_once(app, &new, |row| &row.fingerprint, transaction, load, refused).await?;
    Ok(created.map(|row| row.schedule))
}

/// A schedule as it is in the table now, also one that is being deleted.
pub(crate) async fn get_row(app: &App, id: ScheduleId) -> Result<Option<ScheduleRow>, Failure> {
    let item = query::get(app, &keys::schedule(id), Consistency::Strong).await?;
    item.map(read_row).transpose()
}

/// Whether there is a schedule of this id, also one that is being deleted.
///
/// # Errors
/// When the table fails.
pub async fn is_there(app: &App, id: ScheduleId) -> Result<bool, Failure> {
    Ok(get_row(app, id).await?.is_some())
}

/// A schedule for who wants seats, at most a minute old, or as it is now if one of these sections is new to the
/// process. The conditions of a hold catch a change in that minute.
///
/// # Errors
/// When the table fails.
pub(crate) async fn with_sections(
    app: &App,
    id: ScheduleId,
    sections: impl IntoIterator<Item = &Label>,
) -> Result<Option<Arc<Schedule>>, Failure> {
    find_cached(app, id, sections, SCHEDULE_SECONDS).await
}

/// A schedule for who looks at it, at most a second old, or as it is now if one of these sections is new to the
/// process.
///
/// # Errors
/// When the table fails.
pub async fn get_cached(
    app: &App,
    id: ScheduleId,
    sections: impl IntoIterator<Item = &Label>,
) -> Result<Option<Arc<Schedule>>, Failure> {
    find_cached(app, id, sections, VIEW_SECONDS).await
}

async fn find_cached(
    app: &App,
    id: ScheduleId,
    sections: impl IntoIterator<Item = &Label>,
    seconds: i64,
) -> Result<Option<Arc<Schedule>>, Failure> {
    let known = app.caches().schedules.get(&id, app.now(), seconds);
    match known {
        Some(schedule) if sections.into_iter().all(|section| schedule.sections.contains_key(section)) => {
            Ok(Some(schedule))
        }
        _ => get(app, id).await,
    }
}

/// A schedule as it is now, unless it is being deleted.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, id: ScheduleId) -> Result<Option<Arc<Schedule>>, Failure> {
    let schedule = get_row(app, id).await?.map(|row| row.schedule).filter(|schedule| !schedule.deleting);
    let schedule = schedule.map(Arc::new);
    match &schedule {
        Some(schedule) => app.caches().schedules.put(id, Arc::clone(schedule), app.now()),
        None => app.caches().schedules.forget(&id),
    }
    Ok(schedule)
}

/// A page of a concert's schedules that are on sale at `now`, by date.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list_bookable(
    app: &App,
    concert: ConcertId,
    now: Timestamp,
    limit: u16,
    cursor: Option<&str>,
) -> Result<Page<Schedule>, ListFailure> {
    // Those that have started are passed over by their keys: a sale ends before.
    let started = keys::schedule_listing(concert, EpochSecond::begun(now), ScheduleId(Uuid::nil()));
    let query = Query::partition(keys::concert_partition(concert), keys::LISTED_SCHEDULE_PREFIX).after(started).filter(
        "sale_opens_at <= :now AND sale_closes_at > :now AND attribute_not_exists(deletion)",
        vec![(":now", number(now.as_millisecond()))],
    );
    query.list(app, limit, cursor, query::map_each(read_listed)).await
}

/// A schedule from its copy in a list, which does not know the sections.
pub(crate) fn read_listed(item: Item) -> Result<Schedule, Failure> {
    read_row(item).map(|row| row.schedule)
}

/// Every schedule of a concert, whatever its state.
pub(crate) async fn list_of_concert(app: &App, concert: ConcertId) -> Result<Vec<ScheduleRow>, Failure> {
    let query = Query::partition(keys::concert_partition(concert), keys::LISTED_SCHEDULE_PREFIX).strong();
    query.all(app, DATES_MAX as usize).await?.into_iter().map(read_row).collect()
}

/// The outcome of pricing a section.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SectionPrice {
    /// The section has this price now.
    Agreed,
    /// It has another one.
    Other,
    /// It would be one section too many.
    Full,
    /// The schedule is gone or going.
    NoSchedule,
}

/// Gives a section its price, first of all that is written of it; one it has already must be the same.
pub(crate) async fn price_section(
    app: &App,
    schedule: ScheduleId,
    section: &Label,
    price: Price,
) -> Result<SectionPrice, Failure> {
    let entry = crate::store::dynamodb::item::value(&SectionItem { price: price.get(), seats: 0 })?;
    let write = Write::update(&keys::schedule(schedule))
        .set_to("sections.#section", ":entry")
        .when(
            "attribute_exists(pk) AND attribute_not_exists(deletion) AND attribute_not_exists(sections.#section) \
             AND size(sections) < :most",
        )
        .name("#section", section.as_str())
        .value(":most", number(SECTIONS_MAX))
        .value(":entry", entry);
    if write.apply(app).await? {
        return Ok(SectionPrice::Agreed);
    }
    match get(app, schedule).await? {
        None => Ok(SectionPrice::NoSchedule),
        Some(now) => Ok(match now.sections.get(section) {
            Some(known) if known.price == price => SectionPrice::Agreed,
            Some(_) => SectionPrice::Other,
            None => SectionPrice::Full,
        }),
    }
}

/// Notes how many seats a section has, and in the log how many of them are new; of several who count at once the
/// highest is right, for seats only come. Seats of a request that died before this are noted by the next one.
pub(crate) async fn count_section(
    app: &App,
    schedule: ScheduleId,
    section: &Label,
    seats: u32,
    action: &AdminAction,
) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let known = get(app, schedule).await?.and_then(|now| now.sections.get(section).map(|known| known.seats));
        let Some(counted) = known.filter(|known| *known < seats) else { return Ok(()) };
        let mut transaction = Transaction::new();
        let write = Write::update(&keys::schedule(schedule))
            .set_to("sections.#section.seats", ":seats")
            .when("sections.#section.seats = :counted")
            .name("#section", section.as_str())
            .value(":counted", number(counted))
            .value(":seats", number(seats));
        transaction.add((), write);
        transaction.add((), action.clone().with_change("seats", seats - counted).write(app)?);
        let committed = transaction.commit(app).await;
        app.caches().schedules.forget(&schedule);
        match committed {
            Ok(()) => return Ok(()),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Marks a schedule and its listing copy as being deleted; `false` when another deletion has. `alone` it goes onto the
/// expiry index; with its concert, the concert's mark is there for it.
pub(crate) async fn mark(app: &App, schedule: &Schedule, mark: &DeletionMark, alone: bool) -> Result<bool, Failure> {
    let key = keys::schedule(schedule.id);
    let mut transaction = Transaction::new();
    transaction.add((), if alone { mark.put(&key, schedule.id.0)? } else { mark.put_beside(&key) });
    transaction.add((), mark.put_beside(&keys::listing_of(schedule)));
    app.caches().schedules.forget(&schedule.id);
    try_commit(app, transaction).await
}

/// Takes the mark away again.
pub(crate) async fn unmark(app: &App, schedule: &Schedule, mark: &DeletionMark) -> Result<bool, Failure> {
    let mut transaction = Transaction::new();
    transaction.add((), mark.remove(&keys::schedule(schedule.id)));
    transaction.add((), mark.remove(&keys::listing_of(schedule)));
    app.caches().schedules.forget(&schedule.id);
    try_commit(app, transaction).await
}

/// Notes that a deletion can no longer be undone: the date is no longer one of its concert's. `false` when it is no
/// longer this deletion that has the schedule.
pub(crate) async fn commit_delete(app: &App, schedule: &Schedule, mark: &DeletionMark) -> Result<bool, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let mut transaction = Transaction::new();
        transaction.add((), mark.commit(&keys::schedule(schedule.id)));
        transaction.add((), Write::delete(&keys::listing_of(schedule)).when("attribute_exists(pk)"));
        transaction.add((), concerts::drop_date(schedule.concert_id));
        if let Some(entry) = mark.log_entry(app)? {
            transaction.add((), entry);
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(true),
            Err(Rejected::Guards(_)) => {
                // The answer of an earlier try may have been lost.
                let now = get_row(app, schedule.id).await?.and_then(|row| row.mark);
                return Ok(now.is_some_and(|now| now.deletion == mark.deletion && now.stage == Stage::Committed));
            }
            Err(Rejected::Failure(failure)) => return Err(failure),
            // Other dates of the concert come and go.
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Removes a schedule and its listing copy, the last step of its deletion.
pub(crate) async fn remove(app: &App, schedule: &Schedule, mark: &DeletionMark) -> Result<(), Failure> {
    let mut transaction = Transaction::new();
    transaction.add(
        (),
        Write::delete(&keys::schedule(schedule.id))
            .when("attribute_not_exists(pk) OR deletion = :mine")
            .value(":mine", text(mark.deletion.to_string())),
    );
    transaction.add((), Write::delete(&keys::listing_of(schedule)));
    transaction.add((), Write::delete(&keys::overview(schedule.id)));
    try_commit(app, transaction).await.map(|_| ())
}

/// Commits all of it: `false` when a condition did not hold.
async fn try_commit(app: &App, transaction: Transaction<()>) -> Result<bool, Failure> {
    match transaction.commit_patiently(app).await {
        Ok(()) => Ok(true),
        Err(Rejected::Guards(_)) => Ok(false),
        Err(rejected) => Err(rejected.into_failure()),
    }
}

fn schedule_item(schedule: &Schedule, fingerprint: &str) -> ScheduleItem {
    ScheduleItem {
        id: schedule.id.0,
        concert_id: schedule.concert_id.0,
        place: schedule.venue.clone(),
        starts_at: schedule.starts_at.as_millisecond(),
        sale_opens_at: schedule.sale_opens_at.as_millisecond(),
        sale_closes_at: schedule.sale_closes_at.as_millisecond(),
        max_seats_per_user: schedule.max_seats_per_user,
        sections: BTreeMap::new(),
        fingerprint: fingerprint.to_owned(),
        queue_id: schedule.queue.as_ref().map(ToString::to_string),
    }
}

fn read_row(item: Item) -> Result<ScheduleRow, Failure> {
    let mark = DeletionMark::from_item(&item)?;
    let item: ScheduleItem = from_item(item)?;
    let section = |(label, section): (String, SectionItem)| {
        let price = Price::parse(section.price).map_err(unreadable)?;
        Ok((Label::parse(&label).map_err(unreadable)?, Section { price, seats: section.seats }))
    };
    let schedule = Schedule {
        id: ScheduleId(item.id),
        concert_id: ConcertId(item.concert_id),
        venue: item.place,
        starts_at: time(item.starts_at)?,
        sale_opens_at: time(item.sale_opens_at)?,
        sale_closes_at: time(item.sale_closes_at)?,
        max_seats_per_user: item.max_seats_per_user,
        queue: item.queue_id.map(|id| QueueId::parse(&id)).transpose().map_err(unreadable)?,
        sections: item.sections.into_iter().map(section).collect::<Result<_, Failure>>()?,
        deleting: mark.is_some(),
    };
    Ok(ScheduleRow { schedule, fingerprint: item.fingerprint, mark })
}
