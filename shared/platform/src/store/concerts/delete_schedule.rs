//! Deleting what is on sale, so that nobody ever pays for a seat that is being taken away.
//!
//! A deletion is a two-phase commit. It marks the schedule, then leases every block on condition that all its seats are
//! free. If one is not, all leases are released and nothing has happened. Once all blocks are leased the deletion
//! commits, which is one write, also for a concert with many schedules; the sweep removes block after block of
//! committed deletions and releases those that never commit. Leases expire by themselves, so a dead deleter harms
//! nobody, and each has the deletion's id, so two deleters cannot undo each other's work.
//!
//! A deletion that one request has no time for is left to the next one, or to the sweep, which resume it under its id.

use onsale_domain::id::{ConcertId, ScheduleId};

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::concerts;
use crate::store::concerts::delete_blocks as blocks;
pub use crate::store::concerts::delete_blocks::Budget;
use crate::store::concerts::delete_blocks::LeaseOutcome;
use crate::store::concerts::delete_marks::{DeletionMark, Stage};
use crate::store::concerts::schedules::{self, ScheduleRow};
use crate::store::dynamodb::keys;

/// The outcome of a request to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// It is gone, or will be: nothing can be held any more.
    Committed,
    /// There is more of it than this request has time for. It goes on by itself, and with each further request.
    Accepted,
    /// Seats are held or sold; nothing has changed.
    LiveReservations,
}

/// Deletes a schedule of a concert. A schedule that is not there is deleted already.
///
/// # Errors
/// [`Failure::Busy`] while somebody else's deletion of it has not come to an end.
pub async fn delete_schedule(
    app: &App,
    concert: ConcertId,
    id: ScheduleId,
    action: AdminAction,
    budget: &mut Budget,
) -> Result<DeleteOutcome, Failure> {
    let row = match schedules::get_row(app, id).await? {
        Some(row) if row.schedule.concert_id == concert => row,
        _ => return Ok(DeleteOutcome::Committed),
    };
    let Some(mark) = &row.mark else { return begin(app, &row, action, budget).await };
    if mark.stage == Stage::Committed {
        return Ok(DeleteOutcome::Committed);
    }
    let with_concert = concerts::mark_of(app, concert).await?.filter(|of| of.deletion == mark.deletion);
    match with_concert {
        Some(of) if of.stage == Stage::Committed => return Ok(DeleteOutcome::Committed),
        // The request that would have deleted the concert has died: the date is taken from it.
        Some(of) if of.stage == Stage::Begun && of.is_abandoned(app.now()) => {
            return if release(app, &row, mark, budget).await? {
                begin(app, &row, action, budget).await
            } else {
                Err(Failure::Busy)
            };
        }
        Some(_) => return Err(Failure::Busy),
        None => {}
    }
    if !mark.is_abandoned(app.now()) {
        return if mark.stage == Stage::Accepted { Ok(DeleteOutcome::Accepted) } else { Err(Failure::Busy) };
    }
    resume(app, &row, mark, budget).await
}

/// Begins the deletion of a schedule. One that is refused at once is not noticed by anybody: it is looked at first.
async fn begin(
    app: &App,
    row: &ScheduleRow,
    action: AdminAction,
    budget: &mut Budget,
) -> Result<DeleteOutcome, Failure> {
    if blocks::has_live_seats(app, [&row.schedule], budget).await? {
        return Ok(DeleteOutcome::LiveReservations);
    }
    let mark = DeletionMark::new(app, action);
    if !schedules::mark(app, &row.schedule, &mark, true).await? {
        return Err(Failure::Busy);
    }
    prepare(app, row, &mark, budget).await
}

/// Resumes a deletion that no other process works on.
async fn resume(
    app: &App,
    row: &ScheduleRow,
    mark: &DeletionMark,
    budget: &mut Budget,
) -> Result<DeleteOutcome, Failure> {
    if !mark.claim(app, &keys::schedule(row.schedule.id)).await? {
        return Err(Failure::Busy);
    }
    if mark.stage == Stage::Aborted {
        release(app, row, mark, budget).await?;
        return Ok(DeleteOutcome::LiveReservations);
    }
    prepare(app, row, mark, budget).await
}

/// Leases the blocks of a marked schedule, as far as the budget goes, and commits the deletion or aborts it.
async fn prepare(
    app: &App,
    row: &ScheduleRow,
    mark: &DeletionMark,
    budget: &mut Budget,
) -> Result<DeleteOutcome, Failure> {
    let key = keys::schedule(row.schedule.id);
    match blocks::lease_blocks(app, row.schedule.id, mark.deletion, budget).await? {
        LeaseOutcome::All if schedules::commit_delete(app, &row.schedule, mark).await? => Ok(DeleteOutcome::Committed),
        LeaseOutcome::Partly if mark.release(app, &key, None).await? => Ok(DeleteOutcome::Accepted),
        LeaseOutcome::NotFree if mark.abort(app, &key).await? => {
            release(app, row, mark, budget).await?;
            Ok(DeleteOutcome::LiveReservations)
        }
        _ => Err(Failure::Busy),
    }
}

/// Releases the leases of a schedule and takes its mark away; `false` when some is left for the next budget.
pub(crate) async fn release(
    app: &App,
    row: &ScheduleRow,
    mark: &DeletionMark,
    budget: &mut Budget,
) -> Result<bool, Failure> {
    if !blocks::release_blocks(app, row.schedule.id, mark.deletion, budget).await? {
        return Ok(false);
    }
    schedules::unmark(app, &row.schedule, mark).await?;
    Ok(true)
}

/// Removes the schedule of a committed deletion; `false` when some of it is left for the next budget.
pub(crate) async fn remove(
    app: &App,
    row: &ScheduleRow,
    mark: &DeletionMark,
    budget: &mut Budget,
) -> Result<bool, Failure> {
    if !blocks::remove_blocks(app, row.schedule.id, mark.deletion, budget).await? {
        return Ok(false);
    }
    schedules::remove(app, &row.schedule, mark).await?;
    Ok(true)
}

/// Whether a schedule is being deleted by a deletion that may yet abort.
pub(crate) async fn is_pending(app: &App, schedule: ScheduleId) -> Result<bool, Failure> {
    let Some(row) = schedules::get_row(app, schedule).await? else { return Ok(false) };
    match row.mark {
        Some(mark) if mark.stage != Stage::Committed => {
            let of = concerts::mark_of(app, row.schedule.concert_id).await?;
            Ok(of.is_none_or(|of| of.stage != Stage::Committed))
        }
        _ => Ok(false),
    }
}

/// Finishes an abandoned deletion, as far as the budget goes: removes the schedule of a committed deletion,
/// resumes an accepted deletion, and puts any other on sale again.
pub(crate) async fn finish(app: &App, id: ScheduleId, budget: &mut Budget) -> Result<(), Failure> {
    let Some(row) = schedules::get_row(app, id).await? else { return Ok(()) };
    let Some(mark) = &row.mark else { return Ok(()) };
    match mark.stage {
        Stage::Committed => remove(app, &row, mark, budget).await.map(|_| ()),
        Stage::Accepted => resume(app, &row, mark, budget).await.map(|_| ()),
        // Its deleter died before it could promise anything, or has come upon a seat: the schedule is on sale again.
        Stage::Begun | Stage::Aborted => release(app, &row, mark, budget).await.map(|_| ()),
    }
}
