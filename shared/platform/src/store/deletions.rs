//! Deleting what is on sale, so that nobody ever pays for a seat that is being taken away.
//!
//! A deletion marks the schedule, then leases every block shut on condition that all its seats are free. If one
//! is not, all are opened again and nothing has happened. Once all are shut the deletion is noted as certain, which
//! is one write, also for a concert with many schedules; the sweep removes block after block of what is certain and
//! opens again what never became so. Leases lapse by themselves, so a dead deleter harms nobody, and each bears the
//! deletion's id, so two deleters cannot undo each other's work.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::{SignedDuration, Timestamp};
use onsale_domain::schedule::Schedule;
use onsale_domain::seat::{SeatState, as_bound, second, short};
use uuid::Uuid;

use super::concerts::Marked;
use super::item::{key_of, text};
use super::read::Query;
use super::schedules::{self, DELETION_KIND, KeptSchedule};
use super::seats::{self, Block, read_block, side_by_side};
use super::write::{Rejected, Write};
use super::{Attempts, Failure, concerts, table};
use crate::app::App;

/// How long a block stays shut unless its deletion renews the lease. Longer than a schedule is remembered
/// anywhere, so when it lapses nobody can still want to hold a seat of it.
const LEASE: SignedDuration = SignedDuration::from_secs(15 * 60);
/// A block is removed only while its lease lasts this much longer, by the deleter's clock: clocks differ.
const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(120);

/// What a request to delete came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone, or will be: nothing can be held any more.
    Certain,
    /// Seats are held or sold; nothing has changed.
    LiveReservations,
}

/// Deletes a schedule of a concert. What is not there is deleted already.
///
/// # Errors
/// [`Failure::Busy`] while somebody else's deletion of it has not come to an end.
pub async fn delete_schedule(app: &App, concert: Uuid, id: Uuid) -> Result<Deletion, Failure> {
    let kept = match schedules::kept(app, id).await? {
        Some(kept) if kept.schedule.concert_id == concert => kept,
        _ => return Ok(Deletion::Certain),
    };
    let deletion = app.ids().uuid(app.now());
    match shut(app, &kept, deletion).await? {
        Shut::Now if schedules::mark_certain(app, id, deletion).await? => Ok(Deletion::Certain),
        Shut::Now => Err(Failure::Busy),
        Shut::Before => Ok(Deletion::Certain),
        Shut::LiveSeats => Ok(Deletion::LiveReservations),
    }
}

/// Deletes a concert with all its schedules, or nothing.
///
/// # Errors
/// [`Failure::Busy`] while somebody else's deletion of a part of it has not come to an end.
pub async fn delete_concert(app: &App, id: Uuid) -> Result<Deletion, Failure> {
    let deletion = app.ids().uuid(app.now());
    match concerts::mark_deleting(app, id, deletion).await? {
        Marked::NoConcert | Marked::Certain => return Ok(Deletion::Certain),
        Marked::Before => return Err(Failure::Busy),
        Marked::Now => {}
    }
    let mut shut_now = Vec::new();
    let result = match shut_all(app, id, deletion, &mut shut_now).await {
        // Without an answer to this write nothing may be undone: it may have become certain.
        Ok(Deletion::Certain) => match concerts::mark_certain(app, id, deletion).await? {
            true => return Ok(Deletion::Certain),
            false => Err(Failure::Busy),
        },
        result => result,
    };
    for kept in &shut_now {
        open(app, &kept.schedule, deletion).await?;
    }
    concerts::unmark(app, id, deletion).await?;
    result
}

/// Shuts every schedule of a concert; those that `shut_now` names are to be opened if it comes to nothing.
async fn shut_all(
    app: &App,
    concert: Uuid,
    deletion: Uuid,
    shut_now: &mut Vec<KeptSchedule>,
) -> Result<Deletion, Failure> {
    for listed in schedules::of_concert(app, concert).await? {
        let Some(kept) = schedules::kept(app, listed.schedule.id).await? else { continue };
        match shut(app, &kept, deletion).await? {
            Shut::Now => shut_now.push(kept),
            Shut::Before => {}
            Shut::LiveSeats => return Ok(Deletion::LiveReservations),
        }
    }
    Ok(Deletion::Certain)
}

/// Whether a schedule is being deleted by a deletion that may yet come to nothing.
pub(crate) async fn is_pending(app: &App, schedule: Uuid) -> Result<bool, Failure> {
    match schedules::kept(app, schedule).await? {
        Some(kept) if kept.deletion.is_some() => Ok(!is_certain(app, &kept).await?),
        _ => Ok(false),
    }
}

/// Whether a schedule will be removed, by itself or with its concert.
async fn is_certain(app: &App, kept: &KeptSchedule) -> Result<bool, Failure> {
    Ok(kept.certain || concerts::is_certain(app, kept.schedule.concert_id).await?)
}

/// What shutting a schedule came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shut {
    /// All its blocks are shut by this deletion.
    Now,
    /// Another deletion of it is certain.
    Before,
    /// A seat is held or sold; nothing is shut.
    LiveSeats,
}

/// Marks a schedule and leases all its blocks shut, or undoes that. What a request began that must have died is
/// undone first.
async fn shut(app: &App, kept: &KeptSchedule, deletion: Uuid) -> Result<Shut, Failure> {
    if let Some(other) = kept.deletion {
        if is_certain(app, kept).await? {
            return Ok(Shut::Before);
        }
        if kept.abandoned_from >= app.now().as_second() {
            return Err(Failure::Busy);
        }
        open(app, &kept.schedule, other).await?;
    }
    // Looked at before it is marked: a deletion that is refused at once is not noticed by anybody.
    if has_live_seats(app, &kept.schedule).await? {
        return Ok(Shut::LiveSeats);
    }
    if !schedules::mark_deleting(app, &kept.schedule, Some(deletion), None).await? {
        return Err(Failure::Busy);
    }
    if shut_blocks(app, &kept.schedule, deletion).await? {
        return Ok(Shut::Now);
    }
    open(app, &kept.schedule, deletion).await?;
    Ok(Shut::LiveSeats)
}

async fn has_live_seats(app: &App, schedule: &Schedule) -> Result<bool, Failure> {
    for label in schedule.sections.keys() {
        let blocks = seats::section(app, schedule.id, label, true).await?;
        let now = second(app.now());
        if blocks.iter().flat_map(|block| block.seats.values()).any(|seat| seat.state(now) != SeatState::Available) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether all blocks are shut under this deletion now.
async fn shut_blocks(app: &App, schedule: &Schedule, deletion: Uuid) -> Result<bool, Failure> {
    for label in schedules::kept(app, schedule.id).await?.iter().flat_map(|kept| kept.schedule.sections.keys()) {
        let blocks = seats::section(app, schedule.id, label, true).await?;
        let schedule = schedule.id;
        let shut =
            side_by_side(
                app,
                blocks,
                move |app, block| async move { shut_block(&app, schedule, block, deletion).await },
            );
        if shut.await?.contains(&false) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn shut_block(app: &App, schedule: Uuid, block: Block, deletion: Uuid) -> Result<bool, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let now = app.now();
        let lease = format!("{}{}", as_bound(second(now + LEASE)), short(deletion));
        let mut conditions = vec!["attribute_exists(pk)".to_owned()];
        let mut write = Write::update(&table::block(schedule, &block.id), "SET closed = :lease")
            .value(":lease", text(lease))
            .value(":now", text(as_bound(second(now))));
        for number in block.seats.keys() {
            conditions.push(format!("#{number} < :now"));
            write = write.name(format!("#{number}"), number.to_string());
        }
        match block.closed.as_ref().filter(|closed| closed.ends_with(&short(deletion))) {
            Some(mine) => {
                conditions.push("(attribute_not_exists(closed) OR closed < :now OR closed = :mine)".to_owned());
                write = write.value(":mine", text(mine));
            }
            None => conditions.push("(attribute_not_exists(closed) OR closed < :now)".to_owned()),
        }
        match write.when(conditions.join(" AND ")).run(app, ReturnValue::AllNew).await {
            // A seat that was created and held between our look and our lease shows here.
            Ok(image) => {
                let after = read_block(&block.id.section, &image)?;
                return Ok(all_free(&after, now));
            }
            Err(Rejected::Guards(failed)) => {
                let old = failed.into_iter().find_map(|failed| failed.old);
                // The answer of an earlier try may have been lost: the block bears our lease then.
                let after = old.map(|old| read_block(&block.id.section, &old)).transpose()?;
                let ours = after.as_ref().and_then(|after| after.closed.as_ref());
                let shut = ours.is_some_and(|closed| {
                    closed.ends_with(&short(deletion)) && *closed >= as_bound(second(now + LEASE_MARGIN))
                });
                return Ok(shut && after.is_some_and(|after| all_free(&after, now)));
            }
            Err(Rejected::Failure(failure)) => return Err(failure),
            Err(rejected) => attempts.again_after(&rejected).await?,
        }
    }
}

fn all_free(block: &Block, now: Timestamp) -> bool {
    block.seats.values().all(|seat| seat.state(second(now)) == SeatState::Available)
}

/// Opens the blocks this deletion shut and takes its mark away.
async fn open(app: &App, schedule: &Schedule, deletion: Uuid) -> Result<(), Failure> {
    for label in schedule.sections.keys() {
        let blocks = seats::section(app, schedule.id, label, true).await?;
        let schedule = schedule.id;
        let mine = blocks.into_iter().filter(|block| bears(block, deletion));
        side_by_side(app, mine, move |app, block| async move {
            let write = Write::update(&table::block(schedule, &block.id), "REMOVE closed")
                .when("closed = :mine")
                .value(":mine", text(block.closed.unwrap_or_default()));
            write.applies(&app).await
        })
        .await?;
    }
    schedules::mark_deleting(app, schedule, None, Some(deletion)).await.map(|_| ())
}

fn bears(block: &Block, deletion: Uuid) -> bool {
    block.closed.as_ref().is_some_and(|closed| closed.ends_with(&short(deletion)))
}

/// Ends up to `most` deletions that were begun a while ago; gives how many it found.
///
/// # Errors
/// When the table fails.
pub async fn sweep(app: &App, most: u16) -> Result<usize, Failure> {
    let mut found = 0;
    for shard in table::expiry_shards(DELETION_KIND) {
        let (items, _) = Query::expired(shard, second(app.now())).page(app, i32::from(most), None).await?;
        for key in items.iter().filter_map(key_of) {
            found += 1;
            let ended = match key.pk.split_once('#').map(|(kind, id)| (kind, id.parse::<Uuid>())) {
                Some(("SCHEDULE", Ok(id))) => end_schedule(app, id).await,
                Some(("CONCERT", Ok(id))) => end_concert(app, id).await,
                _ => Err(Failure::Internal("neither a schedule nor a concert is being deleted".to_owned())),
            };
            // One that cannot be ended now must not keep the others; the next sweep meets it again.
            if let Err(failure) = ended {
                tracing::error!(pk = key.pk, %failure, "a deletion could not be carried on");
            }
        }
    }
    Ok(found)
}

async fn end_schedule(app: &App, id: Uuid) -> Result<(), Failure> {
    let Some(kept) = schedules::kept(app, id).await? else { return Ok(()) };
    let Some(deletion) = kept.deletion else { return Ok(()) };
    if !is_certain(app, &kept).await? {
        // Its deleter died before it could promise anything: the schedule is on sale again.
        return open(app, &kept.schedule, deletion).await;
    }
    if !shut_blocks(app, &kept.schedule, deletion).await? {
        tracing::error!(schedule = %id, "a schedule that is deleted for certain has a seat that is not free");
        return Ok(());
    }
    for label in kept.schedule.sections.keys() {
        let blocks = seats::section(app, id, label, true).await?;
        side_by_side(app, blocks, move |app, block| async move {
            let lasting = as_bound(second(app.now() + LEASE_MARGIN));
            let write = Write::delete(&table::block(id, &block.id))
                .when("closed = :mine AND closed > :lasting")
                .value(":mine", text(block.closed.unwrap_or_else(|| "-".to_owned())))
                .value(":lasting", text(lasting));
            write.applies(&app).await
        })
        .await?;
        if !seats::section(app, id, label, true).await?.is_empty() {
            return Ok(());
        }
    }
    schedules::remove(app, &kept.schedule, deletion).await
}

/// Removes a concert that is deleted for certain once its schedules are all gone. Any other is shown again.
async fn end_concert(app: &App, id: Uuid) -> Result<(), Failure> {
    if !concerts::is_certain(app, id).await? {
        return match concerts::deletion_of(app, id).await? {
            Some(deletion) => concerts::unmark(app, id, deletion).await,
            None => Ok(()),
        };
    }
    let left = schedules::of_concert(app, id).await?;
    if left.is_empty() { concerts::remove(app, id).await } else { Ok(()) }
}
