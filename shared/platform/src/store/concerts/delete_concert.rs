//! Deleting a concert with all its schedules, or nothing.
//!
//! All its schedules are marked first, so that they leave the lists together; then they are leased one after the other,
//! and how far that has come is noted on the concert when a request has no time left. The marks of the schedules are
//! not on the expiry index: the concert's is, and answers for all of them.

use onsale_domain::id::{ConcertId, ScheduleId};

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::concerts;
use crate::store::concerts::delete_blocks as blocks;
use crate::store::concerts::delete_blocks::{Budget, LeaseOutcome};
use crate::store::concerts::delete_marks::{DeletionMark, Stage};
use crate::store::concerts::delete_schedule::{self, DeleteOutcome};
use crate::store::concerts::schedules::{self, ScheduleRow};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::transaction::{Rejected, Transaction};
use crate::store::seats::side_by_side;

/// Deletes a concert with all its schedules, or nothing.
///
/// # Errors
/// [`Failure::Busy`] while somebody else's deletion of a part of it has not come to an end.
pub async fn delete_concert(
    app: &App,
    id: ConcertId,
    action: AdminAction,
    budget: &mut Budget,
) -> Result<DeleteOutcome, Failure> {
    let mark = match concerts::mark_of_any(app, id).await? {
        None => return Ok(DeleteOutcome::Committed),
        Some(Some(mark)) if mark.stage == Stage::Committed => return Ok(DeleteOutcome::Committed),
        Some(Some(mark)) if !mark.is_abandoned(app.now()) => {
            return if mark.stage == Stage::Accepted { Ok(DeleteOutcome::Accepted) } else { Err(Failure::Busy) };
        }
        Some(Some(mark)) => {
            if !mark.claim(app, &keys::concert(id)).await? {
                return Err(Failure::Busy);
            }
            mark
        }
        Some(None) => {
            let mark = DeletionMark::new(app, action);
            if !mark.put(&keys::concert(id), id.0)?.apply(app).await? {
                return Err(Failure::Busy);
            }
            mark
        }
    };
    resume(app, id, &mark, budget).await
}

/// Resumes a deletion that no other process works on.
async fn resume(app: &App, id: ConcertId, mark: &DeletionMark, budget: &mut Budget) -> Result<DeleteOutcome, Failure> {
    let key = keys::concert(id);
    if mark.stage == Stage::Aborted {
        release(app, id, mark, budget).await?;
        return Ok(DeleteOutcome::LiveReservations);
    }
    match prepare(app, id, mark, budget).await {
        // Without an answer to this write nothing may be undone: it may have committed.
        Ok(Progress::All) if commit(app, id, mark).await? => Ok(DeleteOutcome::Committed),
        Ok(Progress::All) => is_committed_by(app, id, mark).await,
        Ok(Progress::To(leased_to)) if mark.release(app, &key, leased_to.as_deref()).await? => {
            Ok(DeleteOutcome::Accepted)
        }
        Ok(Progress::To(_)) => Err(Failure::Busy),
        Ok(Progress::NotFree) => abort(app, id, mark, budget).await.map(|()| DeleteOutcome::LiveReservations),
        // An accepted deletion goes on; any other is undone.
        Err(failure) if mark.stage == Stage::Accepted => Err(failure),
        Err(failure) => abort(app, id, mark, budget).await.and(Err(failure)),
    }
}

/// Commits the deletion: it can no longer be undone, and the log has who asked for it.
async fn commit(app: &App, id: ConcertId, mark: &DeletionMark) -> Result<bool, Failure> {
    let mut transaction = Transaction::new();
    transaction.add((), mark.commit(&keys::concert(id)));
    if let Some(entry) = mark.log_entry(app)? {
        transaction.add((), entry);
    }
    match transaction.commit_patiently(app).await {
        Ok(()) => Ok(true),
        Err(Rejected::Guards(_)) => Ok(false),
        Err(rejected) => Err(rejected.into_failure()),
    }
}

/// A second try of a write whose answer was lost finds its own work.
async fn is_committed_by(app: &App, id: ConcertId, mark: &DeletionMark) -> Result<DeleteOutcome, Failure> {
    let now = concerts::mark_of(app, id).await?;
    let certain = now.is_some_and(|now| now.deletion == mark.deletion && now.stage == Stage::Committed);
    if certain { Ok(DeleteOutcome::Committed) } else { Err(Failure::Busy) }
}

/// How far the schedules of a concert were leased.
enum Progress {
    All,
    /// Up to this sort key, and some behind it.
    To(Option<String>),
    /// A seat is held or sold.
    NotFree,
}

async fn prepare(app: &App, concert: ConcertId, mark: &DeletionMark, budget: &mut Budget) -> Result<Progress, Failure> {
    let dates = schedules::list_of_concert(app, concert).await?;
    if mark.stage == Stage::Begun && !mark_all(app, &dates, mark, budget).await? {
        return Ok(Progress::NotFree);
    }
    let mut leased_to = mark.leased_to.clone();
    for date in &dates {
        let here = Some(keys::listing_of(&date.schedule).sk);
        if here <= leased_to {
            continue;
        }
        if budget.is_spent() {
            return Ok(Progress::To(leased_to));
        }
        match blocks::lease_blocks(app, date.schedule.id, mark.deletion, budget).await? {
            LeaseOutcome::All => leased_to = here,
            LeaseOutcome::NotFree => return Ok(Progress::NotFree),
            LeaseOutcome::Partly => return Ok(Progress::To(leased_to)),
        }
        budget.spend_alone(1);
    }
    Ok(Progress::All)
}

/// Looks at all seats, then marks all schedules; `false` when a seat is held or sold.
async fn mark_all(app: &App, dates: &[ScheduleRow], mark: &DeletionMark, budget: &mut Budget) -> Result<bool, Failure> {
    // The copies in the list do not know the sections.
    let ids: Vec<ScheduleId> = dates.iter().map(|date| date.schedule.id).collect();
    budget.spend(2 * ids.len());
    let rows = side_by_side(app, ids, |app, id| async move { schedules::get_row(&app, id).await }).await?;
    let is_done = |of: &DeletionMark| of.deletion == mark.deletion || of.stage == Stage::Committed;
    let unmarked: Vec<ScheduleRow> =
        rows.into_iter().flatten().filter(|row| !row.mark.as_ref().is_some_and(is_done)).collect();
    if blocks::has_live_seats(app, unmarked.iter().map(|row| &row.schedule), budget).await? {
        return Ok(false);
    }
    for row in &unmarked {
        let Some(other) = &row.mark else { continue };
        // A deletion of this date alone: of a request that died, what it began is undone.
        let has_died = other.stage == Stage::Begun && other.is_abandoned(app.now());
        if !has_died || !delete_schedule::release(app, row, other, budget).await? {
            return Err(Failure::Busy);
        }
    }
    let mark = mark.clone();
    let marked = side_by_side(app, unmarked, move |app, row| {
        let mark = mark.clone();
        async move { schedules::mark(&app, &row.schedule, &mark, false).await }
    });
    if marked.await?.contains(&false) { Err(Failure::Busy) } else { Ok(true) }
}

/// Aborts a deletion, and undoes it as far as the budget goes; the sweep does the rest.
async fn abort(app: &App, id: ConcertId, mark: &DeletionMark, budget: &mut Budget) -> Result<(), Failure> {
    if mark.abort(app, &keys::concert(id)).await? {
        release(app, id, mark, budget).await?;
    }
    Ok(())
}

/// Releases the leases of a concert's schedules and takes the marks away; `false` when some are left.
async fn release(app: &App, id: ConcertId, mark: &DeletionMark, budget: &mut Budget) -> Result<bool, Failure> {
    for date in list_marked(app, id, mark).await? {
        if !delete_schedule::release(app, &date, mark, budget).await? {
            return Ok(false);
        }
        budget.spend_alone(2);
    }
    mark.remove(&keys::concert(id)).apply(app).await?;
    Ok(true)
}

async fn list_marked(app: &App, id: ConcertId, mark: &DeletionMark) -> Result<Vec<ScheduleRow>, Failure> {
    let mut dates = schedules::list_of_concert(app, id).await?;
    dates.retain(|date| date.mark.as_ref().is_some_and(|of| of.deletion == mark.deletion));
    Ok(dates)
}

/// Finishes an abandoned deletion, as far as the budget goes: removes the concert of a committed deletion
/// and its schedules before it, resumes an accepted deletion, and releases any other.
pub(crate) async fn finish(app: &App, id: ConcertId, budget: &mut Budget) -> Result<(), Failure> {
    let Some(mark) = concerts::mark_of(app, id).await? else { return Ok(()) };
    match mark.stage {
        Stage::Committed => {
            for date in schedules::list_of_concert(app, id).await? {
                if !delete_schedule::remove(app, &date, &mark, budget).await? {
                    return Ok(());
                }
                budget.spend_alone(2);
            }
            concerts::remove(app, id).await
        }
        Stage::Accepted if mark.claim(app, &keys::concert(id)).await? => {
            resume(app, id, &mark, budget).await.map(|_| ())
        }
        Stage::Accepted => Ok(()),
        Stage::Begun | Stage::Aborted => abort(app, id, &mark, budget).await,
    }
}
