//! The blocks of a schedule that is being deleted: leased, released, or removed, section by section, as far as a
//! budget of calls goes.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::{SignedDuration, Timestamp};
use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::id::{ScheduleId, short};
use onsale_domain::seats::{Label, SeatState};
use onsale_domain::time::EpochSecond;
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::concerts::schedules;
use crate::store::dynamodb::item::text;
use crate::store::dynamodb::keys;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Write};
use crate::store::seats::{self, SIDE_BY_SIDE_MAX, read_block, side_by_side};
use crate::store::views::Block;

/// How long a lease of a block lasts unless its deletion renews it. Longer than a schedule is remembered anywhere: so
/// while the mark of the deletion stands, nobody can want to hold a seat of the block when the lease expires, and the
/// block stays free for good.
const LEASE: SignedDuration = SignedDuration::from_secs(15 * 60);
/// A block is removed only while its lease lasts this much longer, by the deleter's clock: clocks differ.
const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(120);

/// Most sections of a first look at all seats. Where there are more, a deletion that is refused may be noticed for a
/// moment.
const LOOKS_MAX: usize = 4_000;

/// How many calls of the table a request, or a sweep, may still make for deletions, of those that it makes
/// [`SIDE_BY_SIDE_MAX`] at a time; one that is waited for alone counts for as many. A section that was begun is done
/// with, so it may become a few thousand more. It must be enough to read each section of a hall once: leased blocks are
/// read again.
#[derive(Debug)]
pub struct Budget {
    left: usize,
}

impl Budget {
    /// So many calls.
    #[must_use]
    pub fn new(calls: usize) -> Self {
        Self { left: calls }
    }

    /// For calls that are made side by side.
    pub(crate) fn spend(&mut self, calls: usize) {
        self.left = self.left.saturating_sub(calls);
    }

    /// For calls that are waited for one after the other.
    pub(crate) fn spend_alone(&mut self, calls: usize) {
        self.spend(calls * SIDE_BY_SIDE_MAX);
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// A part of it, at most so many calls; what is not spent of it comes back by [`Budget::put_back`].
    pub(crate) fn part(&mut self, most: usize) -> Self {
        let part = self.left.min(most);
        self.left -= part;
        Self { left: part }
    }

    pub(crate) fn put_back(&mut self, part: Self) {
        self.left += part.left;
    }
}

/// The outcome of leasing the blocks of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// All are leased.
    All,
    /// A seat is held or sold.
    NotFree,
    /// Some are left for the next budget.
    Partly,
}

/// Whether a seat of these schedules is held or sold, as far as a first look goes.
pub async fn has_live_seats(
    app: &App,
    schedules: impl IntoIterator<Item = &Schedule>,
    budget: &mut Budget,
) -> Result<bool, Failure> {
    let sections = |schedule: &Schedule| {
        let id = schedule.id;
        schedule.sections.keys().map(move |label| (id, label.clone())).collect::<Vec<_>>()
    };
    let all: Vec<(ScheduleId, Label)> = schedules.into_iter().flat_map(sections).take(LOOKS_MAX).collect();
    budget.spend(all.len());
    let free = side_by_side(app, all, |app, (schedule, label)| async move {
        let blocks = seats::get_section(&app, schedule, &label, true).await?;
        Ok(blocks.iter().all(|block| all_free(block, app.now())))
    });
    Ok(free.await?.contains(&false))
}

/// Leases all blocks for a deletion whose mark stands.
pub async fn lease_blocks(
    app: &App,
    schedule: ScheduleId,
    deletion: Uuid,
    budget: &mut Budget,
) -> Result<LeaseOutcome, Failure> {
    for label in sections(app, schedule).await? {
        if budget.is_spent() {
            return Ok(LeaseOutcome::Partly);
        }
        let blocks = seats::get_section(app, schedule, &label, true).await?;
        // A block that has its lease stays leased, also when that has expired, for the mark is older than the lease.
        let open = blocks.into_iter().filter(|block| !(is_leased_by(block, deletion) && all_free(block, app.now())));
        if !lease_each(app, schedule, open.collect(), deletion, budget).await? {
            return Ok(LeaseOutcome::NotFree);
        }
    }
    Ok(LeaseOutcome::All)
}

/// The sections of a schedule as they are now; seats that were being created when it was marked may have added one.
async fn sections(app: &App, schedule: ScheduleId) -> Result<Vec<Label>, Failure> {
    let row = schedules::get_row(app, schedule).await?;
    Ok(row.iter().flat_map(|row| row.schedule.sections.keys().cloned()).collect())
}

/// Leases each of these blocks; whether all of them are leased by this deletion now.
async fn lease_each(
    app: &App,
    schedule: ScheduleId,
    blocks: Vec<Block>,
    deletion: Uuid,
    budget: &mut Budget,
) -> Result<bool, Failure> {
    budget.spend_alone(1);
    budget.spend(blocks.len());
    let leased =
        side_by_side(app, blocks, move |app, block| async move { lease_block(&app, schedule, block, deletion).await });
    Ok(!leased.await?.contains(&false))
}

async fn lease_block(app: &App, schedule: ScheduleId, block: Block, deletion: Uuid) -> Result<bool, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let now = app.now();
        let lease = format!("{}{}", EpochSecond::begun(now + LEASE).to_hex(), short(deletion));
        let mut conditions = vec!["attribute_exists(pk)".to_owned()];
        let mut write = Write::update(&keys::block(schedule, &block.id))
            .set("lease", text(lease))
            .value(":now", text(EpochSecond::begun(now).to_hex()));
        for number in block.seats.keys() {
            conditions.push(format!("#{number} < :now"));
            write = write.name(format!("#{number}"), number.to_string());
        }
        match block.lease.as_ref().filter(|lease| lease.ends_with(&short(deletion))) {
            Some(mine) => {
                conditions.push("(attribute_not_exists(lease) OR lease < :now OR lease = :mine)".to_owned());
                write = write.value(":mine", text(mine));
            }
            None => conditions.push("(attribute_not_exists(lease) OR lease < :now)".to_owned()),
        }
        match write.when(conditions.join(" AND ")).run(app, ReturnValue::AllNew).await {
            // A seat that was created and held between our look and our lease shows here.
            Ok(image) => {
                let after = read_block(&block.id.section, &image)?;
                return Ok(all_free(&after, now));
            }
            Err(Rejected::Guards(failed)) => {
                let old = failed.into_iter().find_map(|failed| failed.old);
                // The answer of an earlier try may have been lost: the block has our lease then.
                let after = old.map(|old| read_block(&block.id.section, &old)).transpose()?;
                let ours = after.as_ref().and_then(|after| after.lease.as_ref());
                let leased = ours.is_some_and(|lease| {
                    lease.ends_with(&short(deletion)) && *lease >= EpochSecond::begun(now + LEASE_MARGIN).to_hex()
                });
                return Ok(leased && after.is_some_and(|after| all_free(&after, now)));
            }
            Err(Rejected::Failure(failure)) => return Err(failure),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

fn all_free(block: &Block, now: Timestamp) -> bool {
    block.seats.values().all(|seat| seat.state(EpochSecond::begun(now)) == SeatState::Available)
}

fn is_leased_by(block: &Block, deletion: Uuid) -> bool {
    block.lease.as_ref().is_some_and(|lease| lease.ends_with(&short(deletion)))
}

/// Releases the blocks that a deletion leased; `false` when some are left for the next budget.
pub async fn release_blocks(
    app: &App,
    schedule: ScheduleId,
    deletion: Uuid,
    budget: &mut Budget,
) -> Result<bool, Failure> {
    for label in sections(app, schedule).await? {
        if budget.is_spent() {
            return Ok(false);
        }
        let blocks = seats::get_section(app, schedule, &label, true).await?;
        let mine: Vec<Block> = blocks.into_iter().filter(|block| is_leased_by(block, deletion)).collect();
        budget.spend_alone(1);
        budget.spend(mine.len());
        side_by_side(app, mine, move |app, block| async move {
            let write = Write::update(&keys::block(schedule, &block.id))
                .remove("lease")
                .when("lease = :mine")
                .value(":mine", text(block.lease.unwrap_or_default()));
            write.apply(&app).await
        })
        .await?;
    }
    Ok(true)
}

/// Removes the blocks of a committed deletion: each is leased anew, and removed while it is. `false` when
/// some are left.
pub async fn remove_blocks(
    app: &App,
    schedule: ScheduleId,
    deletion: Uuid,
    budget: &mut Budget,
) -> Result<bool, Failure> {
    for label in sections(app, schedule).await? {
        if budget.is_spent() {
            return Ok(false);
        }
        let blocks = seats::get_section(app, schedule, &label, true).await?;
        if blocks.is_empty() {
            budget.spend_alone(1);
            continue;
        }
        if !lease_each(app, schedule, blocks, deletion, budget).await? {
            tracing::error!(%schedule, "a schedule whose deletion is final has a seat that is not available");
            return Ok(false);
        }
        let blocks = seats::get_section(app, schedule, &label, true).await?;
        budget.spend_alone(2);
        budget.spend(blocks.len());
        side_by_side(app, blocks, move |app, block| async move { remove_block(&app, schedule, block).await }).await?;
        if !seats::get_section(app, schedule, &label, true).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn remove_block(app: &App, schedule: ScheduleId, block: Block) -> Result<bool, Failure> {
    let lasting = EpochSecond::begun(app.now() + LEASE_MARGIN).to_hex();
    let write = Write::delete(&keys::block(schedule, &block.id))
        .when("lease = :mine AND lease > :lasting")
        .value(":mine", text(block.lease.unwrap_or_else(|| "-".to_owned())))
        .value(":lasting", text(lasting));
    write.apply(app).await
}
