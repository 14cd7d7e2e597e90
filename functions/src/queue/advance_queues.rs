//! Every minute at :00 — ends admissions whose time has passed, and moves every queue on.
//!
//! Nothing waits for it while people poll: they move their queue themselves, every second. It frees what those leave
//! behind who do not come back.

use onsale_platform::app::App;
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::store::queue::{admissions, moves};
use serde_json::{Value, json};

/// Most admissions that one step ends.
const PAGE_MAX: u16 = 50;
/// Steps of one run; more is left to the next minute, and said.
const STEPS_MAX: usize = 400;

async fn handle(app: &App) -> Result<Value, InvocationError> {
    // First, for it is short. Whatever becomes of one, the other is done.
    let moved = moves::sweep(app).await;
    let swept = admissions::sweep(app, PAGE_MAX, STEPS_MAX).await;
    let (swept, (queues, unmoved)) = (swept?, moved?);
    Ok(json!({ "ended": swept.ended, "failed": swept.failed, "queues": queues, "queues_failed": unmoved }))
}

/// Handles an event of the schedule.
pub fn handler(app: App, _: Value) -> Invocation {
    Box::pin(async move { handle(&app).await })
}
