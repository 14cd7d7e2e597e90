//! Every minute at :00 — expires holds and orders whose time has passed, and ends deletions.
//!
//! No seat waits for it: a lapsed one is free already. It ends reservations, each by one plain update; it ends pending
//! orders, whose units and coupons come back by this alone; and it removes what was deleted, some at a time. What
//! cannot be done now is done a minute later.

use onsale_platform::app::App;
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::store::concerts::delete_schedule::Budget;
use onsale_platform::store::concerts::delete_sweep;
use onsale_platform::store::purchases::expiry;
use serde_json::{Value, json};

/// Most reservations or orders that one step ends.
const PAGE_MAX: u16 = 50;
/// Deletions of one expiry partition that one run carries on.
const DELETIONS_PER_RUN: u16 = 5;
/// Most calls of the table that one run makes side by side for deletions, in some 20 of its 55 seconds.
const DELETION_CALLS_MAX: usize = 40_000;
/// Steps of one run; more is left to the next minute, and said.
const STEPS_MAX: usize = 400;

async fn handle(app: &App) -> Result<Value, InvocationError> {
    // First, for they are few: however many holds have lapsed must not keep them waiting.
    let deletions = delete_sweep::sweep(app, DELETIONS_PER_RUN, &mut Budget::new(DELETION_CALLS_MAX)).await?;
    let swept = expiry::sweep(app, PAGE_MAX, STEPS_MAX).await?;
    Ok(json!({ "closed": swept.ended, "failed": swept.failed, "deletions": deletions }))
}

/// Handles an event of the schedule.
pub fn handler(app: App, _: Value) -> Invocation {
    Box::pin(async move { handle(&app).await })
}
