//! Every minute at :00 — ends admissions whose time has passed, and moves every queue on.
//!
//! Nothing waits for it while people poll: they move their queue themselves, every second. It frees what those leave
//! behind who do not come back.

use onsale_platform::app::App;
use onsale_platform::lambda::{Answer, Failure};
use onsale_platform::store::sweep::{Position, Swept};
use onsale_platform::store::{admissions, queues};
use serde_json::{Value, json};

/// Admissions that one step ends.
const ADMISSIONS_PER_STEP: u16 = 50;
/// Steps of one run; more is left to the next minute, and said.
const STEPS_MAX: usize = 400;

async fn handle(app: &App) -> Result<Value, Failure> {
    // First, for it is short: however many admissions have lapsed must not keep those who wait.
    let (moved, unmoved) = queues::sweep(app).await?;
    let mut ended = Swept::default();
    let mut position = Some(Position::default());
    for _ in 0..STEPS_MAX {
        let Some(here) = position.take() else { break };
        let (swept, next) = admissions::sweep(app, ADMISSIONS_PER_STEP, here).await?;
        ended.closed += swept.closed;
        ended.failed += swept.failed;
        position = next;
    }
    if position.is_some() {
        tracing::warn!(ended = ended.closed, "more admissions have lapsed than one run ends");
    }
    Ok(json!({ "ended": ended.closed, "failed": ended.failed, "queues": moved, "queues_failed": unmoved }))
}

/// Its answer to an event.
pub fn answer(app: App, _: Value) -> Answer {
    Box::pin(async move { handle(&app).await })
}
