//! Seats in their blocks, and what viewers see of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::types::ReturnValue;
use futures_util::future::try_join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};
use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::id::ScheduleId;
use onsale_domain::money::Price;
use onsale_domain::seats::{BlockId, Label, SEATS_PER_SECTION_MAX, SeatId, SeatState, SeatValue, block_number};
use onsale_domain::time::EpochSecond;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::concerts::schedules::{self, SectionPrice};
use crate::store::dynamodb::cache::VIEW_SECONDS;
use crate::store::dynamodb::item::{Item, from_item, number, text, time, unreadable, value};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::query::{self, Consistency, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Write};
use crate::store::views::{Block, Counts, Overview};

/// Most blocks of a part of a section that are read. Seats of those who create at once, and whose request dies before
/// it takes back what is too many, may be more than a section has.
const BLOCKS_READ_MAX: usize = 4 * SEATS_PER_SECTION_MAX;
/// Blocks written or read side by side by one request.
pub(crate) const SIDE_BY_SIDE_MAX: usize = 16;

pub(crate) fn read_block(section: &Label, item: &Item) -> Result<Block, Failure> {
    let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).ok_or_else(|| unreadable("sk"))?;
    let (row, index) =
        sk.strip_prefix("BLOCK#").and_then(|rest| rest.rsplit_once('#')).ok_or_else(|| unreadable(sk))?;
    let mut seats = BTreeMap::new();
    for (name, value) in item {
        if let Ok(number) = name.parse::<u16>() {
            let text = value.as_s().map_err(|_| unreadable("seat"))?;
            seats.insert(number, SeatValue::parse(text).ok_or_else(|| unreadable("seat value"))?);
        }
    }
    let id = BlockId {
        section: section.clone(),
        row: Label::parse(row).map_err(unreadable)?,
        index: index.parse().map_err(unreadable)?,
    };
    let lease = item.get("lease").and_then(|lease| lease.as_s().ok()).cloned();
    Ok(Block { id, seats, lease })
}

/// Blocks of a schedule as of their last answered write, each in its place; `None` for those that are not there.
pub(crate) async fn get_blocks(
    app: &App,
    schedule: ScheduleId,
    blocks: &[&BlockId],
) -> Result<Vec<Option<Block>>, Failure> {
    let keys: Vec<Key> = blocks.iter().map(|block| keys::block(schedule, block)).collect();
    let found = query::batch_get_in_order(app, &keys, Consistency::Strong).await?;
    let read =
        |(item, block): (Option<Item>, &&BlockId)| item.map(|item| read_block(&block.section, &item)).transpose();
    found.into_iter().zip(blocks).map(read).collect()
}

/// The block of a seat.
async fn get_block(
    app: &App,
    schedule: ScheduleId,
    id: &BlockId,
    consistency: Consistency,
) -> Result<Option<Block>, Failure> {
    let item = query::get(app, &keys::block(schedule, id), consistency).await?;
    item.map(|item| read_block(&id.section, &item)).transpose()
}

/// The state of a seat now; `None` when there is no such seat.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, schedule: ScheduleId, seat: &SeatId) -> Result<Option<SeatState>, Failure> {
    let block = get_block(app, schedule, &seat.block(), Consistency::Eventual).await?;
    let now = EpochSecond::begun(app.now());
    Ok(block.and_then(|block| block.seats.get(&seat.number).map(|value| value.state(now))))
}

/// The value of a seat at this instant.
pub(crate) async fn get_value(app: &App, schedule: ScheduleId, seat: &SeatId) -> Result<Option<SeatValue>, Failure> {
    let block = get_block(app, schedule, &seat.block(), Consistency::Strong).await?;
    Ok(block.and_then(|block| block.seats.get(&seat.number).copied()))
}

/// All blocks of a section as they are now, in the order of their ids.
pub(crate) async fn get_section(
    app: &App,
    schedule: ScheduleId,
    section: &Label,
    strong: bool,
) -> Result<Vec<Block>, Failure> {
    let parts = (0..keys::SECTION_PARTS).map(|part| async move {
        let query = Query::partition(keys::section_partition(schedule, section, part), "BLOCK#");
        let query = if strong { query.strong() } else { query };
        query.all(app, BLOCKS_READ_MAX).await
    });
    let items = try_join_all(parts).await?;
    let mut blocks =
        items.iter().flatten().map(|item| read_block(section, item)).collect::<Result<Vec<Block>, Failure>>()?;
    blocks.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    Ok(blocks)
}

/// All blocks of a section as a viewer sees them: at most a second old.
///
/// # Errors
/// When the table fails.
pub async fn get_cached_section(app: &App, schedule: ScheduleId, label: &Label) -> Result<Arc<Vec<Block>>, Failure> {
    let key = (schedule, label.clone());
    if let Some(blocks) = app.caches().sections.get(&key, app.now(), VIEW_SECONDS) {
        return Ok(blocks);
    }
    let blocks = Arc::new(get_section(app, schedule, label, false).await?);
    app.caches().sections.put(key, Arc::clone(&blocks), app.now());
    Ok(blocks)
}

#[derive(Serialize, Deserialize)]
struct OverviewItem {
    as_of: i64,
    sections: HashMap<String, Counts>,
}

/// Counts by section, at most two seconds old: kept in one item. Of all who find it older than one second, one counts
/// anew; the others show it is for that moment, and once it is older than two seconds count for themselves.
///
/// # Errors
/// When the table fails.
pub async fn overview(app: &App, schedule: &Schedule) -> Result<Arc<Overview>, Failure> {
    let now = app.now();
    let is_whole = |overview: &Overview| schedule.sections.keys().all(|label| overview.sections.contains_key(label));
    let known = app.caches().overviews.get(&schedule.id, now, VIEW_SECONDS);
    if let Some(overview) = known.filter(|overview| is_whole(overview)) {
        return Ok(overview);
    }
    let key = keys::overview(schedule.id);
    let stored = query::get(app, &key, Consistency::Eventual).await?.map(from_item).transpose()?;
    let stored = stored.map(read_overview).transpose()?.filter(is_whole);
    let ago = |seconds: i64| now - SignedDuration::from_secs(seconds);
    let overview = match stored {
        Some(stored) if stored.as_of > ago(VIEW_SECONDS) => stored,
        Some(stored) if stored.as_of > ago(2 * VIEW_SECONDS) && !claim_recount(app, &key, stored.as_of).await? => {
            stored
        }
        _ => {
            let counted = count_sections(app, schedule).await?;
            put_overview(app, &key, &counted).await?;
            counted
        }
    };
    let overview = Arc::new(overview);
    app.caches().overviews.put(schedule.id, Arc::clone(&overview), overview.as_of);
    Ok(overview)
}

/// The counts as they were last kept, however long ago; a hint, for which nobody counts. `None` if nobody has looked.
pub(crate) async fn last_overview(app: &App, schedule: ScheduleId) -> Result<Option<Arc<Overview>>, Failure> {
    if let Some(known) = app.caches().overviews.get(&schedule, app.now(), VIEW_SECONDS) {
        return Ok(Some(known));
    }
    let stored = query::get(app, &keys::overview(schedule), Consistency::Eventual).await?;
    let stored = stored.map(from_item).transpose()?.map(read_overview).transpose()?.map(Arc::new);
    if let Some(overview) = &stored {
        app.caches().overviews.put(schedule, Arc::clone(overview), app.now());
    }
    Ok(stored)
}

/// Of all who find that the overview counted at `seen` is to be counted anew, one does.
async fn claim_recount(app: &App, key: &keys::Key, counted_at: Timestamp) -> Result<bool, Failure> {
    let write = Write::update(key)
        .set_to("claimed", ":seen")
        .when("as_of = :seen AND (attribute_not_exists(claimed) OR claimed < :seen)");
    write.value(":seen", number(counted_at.as_millisecond())).apply(app).await
}

async fn put_overview(app: &App, key: &keys::Key, overview: &Overview) -> Result<(), Failure> {
    let sections: HashMap<&str, Counts> =
        overview.sections.iter().map(|(label, counts)| (label.as_str(), *counts)).collect();
    let write = Write::update(key)
        .set("sections", value(&sections)?)
        .set("as_of", number(overview.as_of.as_millisecond()))
        .when("attribute_not_exists(as_of) OR as_of <= :as_of");
    write.apply(app).await.map(|_| ())
}

async fn count_sections(app: &App, schedule: &Schedule) -> Result<Overview, Failure> {
    let labels = schedule.sections.keys().cloned();
    let id = schedule.id;
    let counted = side_by_side(app, labels, move |app, label| async move {
        let blocks = get_section(&app, id, &label, false).await?;
        Ok((label, Counts::count(&blocks, app.now())))
    })
    .await?;
    Ok(Overview { as_of: app.now(), sections: counted.into_iter().collect() })
}

fn read_overview(item: OverviewItem) -> Result<Overview, Failure> {
    let section = |(label, counts): (String, Counts)| Ok((Label::parse(&label).map_err(unreadable)?, counts));
    Ok(Overview {
        as_of: time(item.as_of)?,
        sections: item.sections.into_iter().map(section).collect::<Result<_, Failure>>()?,
    })
}

/// Runs `work` on each of `inputs`, [`SIDE_BY_SIDE_MAX`] at a time; the first failure ends it, and what is under way
/// ends with its caller.
pub(crate) async fn side_by_side<I, T, F>(
    app: &App,
    inputs: impl IntoIterator<Item = I>,
    work: impl Fn(App, I) -> F,
) -> Result<Vec<T>, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut running = FuturesUnordered::new();
    let mut done = Vec::new();
    for input in inputs {
        if running.len() >= SIDE_BY_SIDE_MAX
            && let Some(finished) = running.next().await
        {
            done.push(finished?);
        }
        running.push(work(app.clone(), input));
    }
    while let Some(finished) = running.next().await {
        done.push(finished?);
    }
    Ok(done)
}

/// Neighbouring seats of a row that are to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRange {
    /// Row.
    pub row: Label,
    /// First number.
    pub from: u16,
    /// Last number.
    pub to: u16,
}

/// Why seats were not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateSeatsFailure {
    /// There is no such schedule.
    #[error("no such schedule")]
    NoSchedule,
    /// The section has another price.
    #[error("section has other price")]
    OtherPrice,
    /// The section would have more than 2,500 seats.
    #[error("too many seats")]
    TooMany,
    /// The schedule would have more than 100 sections.
    #[error("too many sections")]
    TooManySections,
    /// The table failed. Some may have been created; the same request again creates the rest.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Creates the seats that are not there yet and leaves those that are as they are; gives how many are new.
///
/// Every block is one conditional update, never a batch write: a repeat must not wipe a sold seat.
///
/// # Errors
/// See [`CreateSeatsFailure`].
pub async fn create(
    app: &App,
    schedule: ScheduleId,
    label: &Label,
    price: Price,
    rows: &[RowRange],
    action: &AdminAction,
) -> Result<u32, CreateSeatsFailure> {
    let there = get_section(app, schedule, label, true).await?;
    let mut wanted: BTreeMap<BlockId, Vec<u16>> = BTreeMap::new();
    for range in rows {
        for number in range.from..=range.to {
            let id = BlockId { section: label.clone(), row: range.row.clone(), index: block_number(number) };
            let known = there.iter().any(|block| block.id == id && block.seats.contains_key(&number));
            let numbers = wanted.entry(id).or_default();
            if !known && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
    }
    wanted.retain(|_, numbers| !numbers.is_empty());
    let total =
        there.iter().map(|block| block.seats.len()).sum::<usize>() + wanted.values().map(Vec::len).sum::<usize>();
    if total > SEATS_PER_SECTION_MAX {
        return Err(CreateSeatsFailure::TooMany);
    }
    match schedules::price_section(app, schedule, label, price).await? {
        SectionPrice::Agreed => {}
        SectionPrice::Full => return Err(CreateSeatsFailure::TooManySections),
        SectionPrice::Other => return Err(CreateSeatsFailure::OtherPrice),
        SectionPrice::NoSchedule => return Err(CreateSeatsFailure::NoSchedule),
    }
    let created: u32 = side_by_side(app, wanted.clone(), move |app, (id, numbers)| async move {
        create_block(&app, schedule, &id, &numbers).await
    })
    .await?
    .into_iter()
    .sum();
    let gone = schedules::get(app, schedule).await?.is_none();
    let seats = get_section(app, schedule, label, true).await?.iter().map(|block| block.seats.len()).sum::<usize>();
    // A deletion that began meanwhile may not have seen these blocks, and others may have created as many: what was
    // made is taken back.
    if gone || seats > SEATS_PER_SECTION_MAX {
        let before: Vec<BlockId> = there.into_iter().map(|block| block.id).collect();
        for (id, numbers) in wanted {
            take_back(app, schedule, &id, &numbers, before.contains(&id)).await?;
        }
        return Err(if gone { CreateSeatsFailure::NoSchedule } else { CreateSeatsFailure::TooMany });
    }
    schedules::count_section(app, schedule, label, u32::try_from(seats).unwrap_or(u32::MAX), action).await?;
    app.caches().sections.forget(&(schedule, label.clone()));
    Ok(created)
}

/// Takes seats away again that nobody has held since they were created; with their block, if that is new too.
async fn take_back(
    app: &App,
    schedule: ScheduleId,
    id: &BlockId,
    numbers: &[u16],
    block_is_older: bool,
) -> Result<(), Failure> {
    let names: Vec<String> = numbers.iter().map(|number| format!("#{number}")).collect();
    let key = keys::block(schedule, id);
    let write = if block_is_older {
        names.iter().fold(Write::update(&key), |write, name| write.remove(name))
    } else {
        Write::delete(&key)
    };
    let free: Vec<String> = names.iter().map(|name| format!("{name} = :free")).collect();
    let write = write.when(free.join(" AND ")).value(":free", text(SeatValue::Free.to_string()));
    let write = numbers.iter().fold(write, |write, number| write.name(format!("#{number}"), number.to_string()));
    write.apply(app).await.map(|_| ())
}

async fn create_block(app: &App, schedule: ScheduleId, id: &BlockId, numbers: &[u16]) -> Result<u32, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let mut write = Write::update(&keys::block(schedule, id))
            .when("attribute_not_exists(lease) OR lease < :now")
            .value(":free", text(SeatValue::Free.to_string()))
            .value(":now", text(EpochSecond::begun(app.now()).to_hex()));
        for number in numbers {
            let seat = format!("#{number}");
            write = write.set_to(&seat, &format!("if_not_exists({seat}, :free)")).name(seat, number.to_string());
        }
        match write.run(app, ReturnValue::AllOld).await {
            Ok(old) => {
                let new = numbers.iter().filter(|number| !old.contains_key(&number.to_string())).count();
                return Ok(u32::try_from(new).unwrap_or(u32::MAX));
            }
            // A write without an answer may have created them: the number of new ones would be wrong.
            Err(Rejected::Failure(failure)) => return Err(failure),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Sets seats of a block to one value; the caller adds the condition.
pub(crate) fn set_seats(schedule: ScheduleId, block: &BlockId, numbers: &[u16], to: SeatValue) -> Write {
    let write = Write::update(&keys::block(schedule, block)).value(":to", text(to.to_string()));
    numbers.iter().fold(write, |write, number| {
        let seat = format!("#{number}");
        write.set_to(&seat, ":to").name(seat, number.to_string())
    })
}

/// The condition that no deletion has shut a block by `:now`.
pub(crate) const NOT_LEASED: &str = "(attribute_not_exists(lease) OR lease < :now)";

/// The condition that all these seats have the value `:mine`.
pub(crate) fn all_mine_condition(numbers: &[u16]) -> String {
    let mine: Vec<String> = numbers.iter().map(|number| format!("#{number} = :mine")).collect();
    mine.join(" AND ")
}
