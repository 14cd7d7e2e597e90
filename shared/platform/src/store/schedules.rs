//! Schedules, and their listing copies beside the concert.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use onsale_domain::money::Price;
use onsale_domain::queue::QueueId;
use onsale_domain::schedule::{Schedule, Section};
use onsale_domain::seat::{Label, SECTIONS_MAX};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cache::SCHEDULE_SECONDS;
use super::item::{Item, from_item, number, text, to_item, unreadable};
use super::read::{self, Consistency, ListError, Page, Query};
use super::table;
use super::write::{Rejected, Transaction, Write};
use super::{Attempts, Failure};
use crate::app::App;

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deletion: Option<Uuid>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    certain: bool,
    /// While it is being deleted.
    #[serde(default, skip_serializing)]
    expires_at: i64,
}

#[derive(Serialize, Deserialize)]
struct SectionItem {
    price: i64,
    seats: u32,
}

/// A schedule with what only its creation and deletion need.
#[derive(Clone, Debug)]
pub(crate) struct KeptSchedule {
    pub schedule: Schedule,
    pub fingerprint: String,
    pub deletion: Option<Uuid>,
    /// Whether that deletion was answered as done, or may have been.
    pub certain: bool,
    /// From when on its request must have died, epoch seconds.
    pub abandoned_from: i64,
}

/// What became of a schedule that was to be created.
#[derive(Debug)]
pub enum Created {
    /// It was written.
    New,
    /// It was there already under the same key and request.
    Replayed(Schedule),
    /// The key was used for another request.
    KeyReused,
    /// There is no such concert.
    NoConcert,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    ScheduleNew,
    ListingNew,
    ConcertThere,
}

/// Writes a schedule and its listing copy, on condition that the concert is there and stays.
///
/// # Errors
/// When the table fails.
pub async fn create(app: &App, schedule: &Schedule, fingerprint: &str) -> Result<Created, Failure> {
    let item = schedule_item(schedule, fingerprint);
    let listing = table::listed_schedule(schedule.concert_id, schedule.starts_at.as_second(), schedule.id);
    let mut attempts = Attempts::new(app);
    loop {
        let mut transaction = Transaction::new();
        transaction.add(Guard::ScheduleNew, Write::create(to_item(&table::schedule(schedule.id), &item)?));
        transaction.add(Guard::ListingNew, Write::create(to_item(&listing, &item)?));
        transaction.add(
            Guard::ConcertThere,
            Write::check(&table::concert(schedule.concert_id))
                .when("attribute_exists(pk) AND deleting = :no")
                .value(":no", aws_sdk_dynamodb::types::AttributeValue::Bool(false)),
        );
        match transaction.commit(app).await {
            Ok(()) => return Ok(Created::New),
            Err(Rejected::Guards(failed)) => {
                return match kept(app, schedule.id).await? {
                    Some(there) if there.fingerprint == fingerprint => Ok(Created::Replayed(there.schedule)),
                    Some(_) => Ok(Created::KeyReused),
                    None if failed[0].guard == Guard::ConcertThere => Ok(Created::NoConcert),
                    None => Err(Failure::Unknown),
                };
            }
            Err(Rejected::Failure(Failure::Unknown)) => {
                if let Some(there) = kept(app, schedule.id).await? {
                    return Ok(if there.fingerprint == fingerprint { Created::New } else { Created::KeyReused });
                }
                attempts.again().await?;
            }
            Err(rejected) => attempts.again_after(&rejected).await?,
        }
    }
}

/// A schedule as it is in the table now, also one that is being deleted.
pub(crate) async fn kept(app: &App, id: Uuid) -> Result<Option<KeptSchedule>, Failure> {
    let item = read::get(app, &table::schedule(id), Consistency::Strong).await?;
    item.map(read_kept).transpose()
}

/// A schedule, at most a minute old, or as it is now if one of these sections is new to the process. What
/// changes in that minute a hold's conditions catch.
///
/// # Errors
/// When the table fails.
pub async fn with_sections(
    app: &App,
    id: Uuid,
    sections: impl IntoIterator<Item = &Label>,
) -> Result<Option<Arc<Schedule>>, Failure> {
    let known = app.caches().schedules.get(&id, app.now(), SCHEDULE_SECONDS);
    match known {
        Some(schedule) if sections.into_iter().all(|section| schedule.sections.contains_key(section)) => {
            Ok(Some(schedule))
        }
        _ => fresh(app, id).await,
    }
}

/// A schedule as it is now, unless it is being deleted.
///
/// # Errors
/// When the table fails.
pub async fn fresh(app: &App, id: Uuid) -> Result<Option<Arc<Schedule>>, Failure> {
    let schedule = kept(app, id).await?.map(|kept| kept.schedule).filter(|schedule| !schedule.deleting);
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
/// [`ListError::Cursor`] when the cursor is not of this list.
pub async fn bookable(
    app: &App,
    concert: Uuid,
    now: Timestamp,
    limit: u16,
    cursor: Option<&str>,
) -> Result<Page<Schedule>, ListError> {
    let now = number(now.as_millisecond());
    let page = Query::partition(table::concert_partition(concert), table::LISTED_SCHEDULE_PREFIX)
        .filter(
            "sale_opens_at <= :now AND sale_closes_at > :now AND attribute_not_exists(deletion)",
            vec![(":now", now)],
        )
        .listed(app, limit, cursor)
        .await?;
    let items: Result<Vec<Schedule>, Failure> =
        page.items.into_iter().map(|item| read_kept(item).map(|kept| kept.schedule)).collect();
    Ok(Page { items: items?, next: page.next })
}

/// Every schedule of a concert, whatever its state.
pub(crate) async fn of_concert(app: &App, concert: Uuid) -> Result<Vec<KeptSchedule>, Failure> {
    let query = Query::partition(table::concert_partition(concert), table::LISTED_SCHEDULE_PREFIX).strong();
    query.all(app, SCHEDULES_MAX).await?.into_iter().map(read_kept).collect()
}

/// Most schedules of a concert that can be deleted with it.
const SCHEDULES_MAX: usize = 1_000;

/// What became of a section's price.
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
    schedule: Uuid,
    section: &Label,
    price: Price,
) -> Result<SectionPrice, Failure> {
    let entry = super::item::value(&SectionItem { price: price.get(), seats: 0 })?;
    let write = Write::update(&table::schedule(schedule), "SET sections.#section = :entry")
        .when(
            "attribute_exists(pk) AND attribute_not_exists(deletion) AND attribute_not_exists(sections.#section) \
             AND size(sections) < :most",
        )
        .name("#section", section.as_str())
        .value(":most", number(SECTIONS_MAX))
        .value(":entry", entry);
    if write.applies(app).await? {
        return Ok(SectionPrice::Agreed);
    }
    match fresh(app, schedule).await? {
        None => Ok(SectionPrice::NoSchedule),
        Some(now) => Ok(match now.sections.get(section) {
            Some(known) if known.price == price => SectionPrice::Agreed,
            Some(_) => SectionPrice::Other,
            None => SectionPrice::Full,
        }),
    }
}

/// Notes how many seats a section has; of several who count at once the highest is right, for seats only come.
pub(crate) async fn count_section(app: &App, schedule: Uuid, section: &Label, seats: u32) -> Result<(), Failure> {
    let write = Write::update(&table::schedule(schedule), "SET sections.#section.seats = :seats")
        .when("sections.#section.seats < :seats")
        .name("#section", section.as_str())
        .value(":seats", number(seats));
    write.applies(app).await?;
    app.caches().schedules.forget(&schedule);
    Ok(())
}

/// Marks a schedule and its listing copy as being deleted by `deletion` (or, with `None`, no longer).
/// The mark also puts it on the expiry index, so that a sweep ends what a dead deleter began.
pub(crate) async fn mark_deleting(
    app: &App,
    schedule: &Schedule,
    deletion: Option<Uuid>,
    held_by: Option<Uuid>,
) -> Result<bool, Failure> {
    let listing = table::listed_schedule(schedule.concert_id, schedule.starts_at.as_second(), schedule.id);
    let condition = match held_by {
        Some(_) => "attribute_exists(pk) AND deletion = :held_by",
        None => "attribute_exists(pk) AND attribute_not_exists(deletion)",
    };
    let mut transaction = Transaction::new();
    for key in [table::schedule(schedule.id), listing] {
        let indexed = key.pk.starts_with("SCHEDULE#");
        let mut write = match (deletion, indexed) {
            (Some(_), true) => Write::update(&key, "SET deletion = :new, expiry_shard = :shard, expires_at = :now")
                .value(":shard", text(table::expiry_shard(DELETION_KIND, schedule.id)))
                .value(":now", number(app.now().as_second() + DELETION_REST_SECONDS)),
            (Some(_), false) => Write::update(&key, "SET deletion = :new"),
            (None, true) => Write::update(&key, "REMOVE deletion, expiry_shard, expires_at"),
            (None, false) => Write::update(&key, "REMOVE deletion"),
        };
        if let Some(deletion) = deletion {
            write = write.value(":new", text(deletion.to_string()));
        }
        if let Some(held_by) = held_by {
            write = write.value(":held_by", text(held_by.to_string()));
        }
        transaction.add((), write.when(condition));
    }
    app.caches().schedules.forget(&schedule.id);
    match transaction.commit_patiently(app).await {
        Ok(()) => Ok(true),
        Err(Rejected::Guards(_)) => Ok(false),
        Err(rejected) => Err(rejected.into_failure()),
    }
}

/// Notes that a deletion can no longer be undone; `false` when it is no longer this deletion that has the schedule.
pub(crate) async fn mark_certain(app: &App, schedule: Uuid, deletion: Uuid) -> Result<bool, Failure> {
    let write = Write::update(&table::schedule(schedule), "SET certain = :yes")
        .when("deletion = :mine")
        .value(":yes", aws_sdk_dynamodb::types::AttributeValue::Bool(true))
        .value(":mine", text(deletion.to_string()));
    write.applies(app).await
}

/// Kind of deletions on the expiry index.
pub(crate) const DELETION_KIND: &str = "deletion";

/// How long after its mark a deletion is left to the request that began it; then the sweep ends it.
pub(crate) const DELETION_REST_SECONDS: i64 = 300;

/// Removes a schedule and its listing copy, the last step of its deletion.
pub(crate) async fn remove(app: &App, schedule: &Schedule, deletion: Uuid) -> Result<(), Failure> {
    let listing = table::listed_schedule(schedule.concert_id, schedule.starts_at.as_second(), schedule.id);
    let mut transaction = Transaction::new();
    for key in [table::schedule(schedule.id), listing, table::overview(schedule.id)] {
        let write = Write::delete(&key);
        transaction.add(
            (),
            if key.pk.starts_with("SCHEDULE#") {
                write.when("attribute_not_exists(pk) OR deletion = :mine").value(":mine", text(deletion.to_string()))
            } else {
                write
            },
        );
    }
    match transaction.commit_patiently(app).await {
        Ok(()) | Err(Rejected::Guards(_)) => Ok(()),
        Err(rejected) => Err(rejected.into_failure()),
    }
}

fn schedule_item(schedule: &Schedule, fingerprint: &str) -> ScheduleItem {
    ScheduleItem {
        id: schedule.id,
        concert_id: schedule.concert_id,
        place: schedule.place.clone(),
        starts_at: schedule.starts_at.as_millisecond(),
        sale_opens_at: schedule.sale_opens_at.as_millisecond(),
        sale_closes_at: schedule.sale_closes_at.as_millisecond(),
        max_seats_per_user: schedule.max_seats_per_user,
        sections: BTreeMap::new(),
        fingerprint: fingerprint.to_owned(),
        queue_id: schedule.queue.as_ref().map(ToString::to_string),
        deletion: None,
        certain: false,
        expires_at: 0,
    }
}

fn read_kept(item: Item) -> Result<KeptSchedule, Failure> {
    let item: ScheduleItem = from_item(item)?;
    let at = |millisecond| Timestamp::from_millisecond(millisecond).map_err(unreadable);
    let section = |(label, section): (String, SectionItem)| {
        let price = Price::parse(section.price).map_err(unreadable)?;
        Ok((Label::parse(&label).map_err(unreadable)?, Section { price, seats: section.seats }))
    };
    let schedule = Schedule {
        id: item.id,
        concert_id: item.concert_id,
        place: item.place,
        starts_at: at(item.starts_at)?,
        sale_opens_at: at(item.sale_opens_at)?,
        sale_closes_at: at(item.sale_closes_at)?,
        max_seats_per_user: item.max_seats_per_user,
        queue: item.queue_id.map(|id| QueueId::parse(&id)).transpose().map_err(unreadable)?,
        sections: item.sections.into_iter().map(section).collect::<Result<_, Failure>>()?,
        deleting: item.deletion.is_some(),
    };
    Ok(KeptSchedule {
        schedule,
        fingerprint: item.fingerprint,
        deletion: item.deletion,
        certain: item.certain,
        abandoned_from: item.expires_at,
    })
}
