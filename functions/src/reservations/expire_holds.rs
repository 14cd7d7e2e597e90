//! Every minute at :00 — closes the books of lapsed holds, and ends deletions.
//!
//! Nothing waits for it: a lapsed seat is free already. It ends reservations, gives allowances back, and removes
//! what was deleted, some at a time; what cannot be done now is done a minute later.

use onsale_platform::app::App;
use onsale_platform::lambda::{Answer, Failure};
use onsale_platform::store::sweep::{self, Swept};
use onsale_platform::store::{deletions, lapses};
use serde_json::{Value, json};

/// Reservations that one step closes.
const RESERVATIONS_PER_STEP: u16 = 50;
/// Deletions of one expiry partition that one run carries on.
const DELETIONS_PER_RUN: u16 = 5;
/// Steps of one run; more is left to the next minute, and said.
const STEPS_MAX: usize = 400;

async fn handle(app: &App) -> Result<Value, Failure> {
    // First, for they are few: however many holds have lapsed must not keep them waiting.
    let deletions = deletions::sweep(app, DELETIONS_PER_RUN).await?;
    let swept = sweep::run(app, STEPS_MAX, async |app, here| lapses::sweep(app, RESERVATIONS_PER_STEP, here).await);
    let Swept { closed, failed } = swept.await?;
    Ok(json!({ "closed": closed, "failed": failed, "deletions": deletions }))
}

/// Its answer to an event.
pub fn answer(app: App, _: Value) -> Answer {
    Box::pin(async move { handle(&app).await })
}
