//! Every minute at :00 — carries on the card payments and refunds that nobody has carried on.
//!
//! Browsers, reports and events do that within seconds. What is left are browsers that never came back, reports that
//! were lost, and whatever waited for a provider that was away.

use onsale_platform::app::App;
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::store::wallet::cards::sweep;
use serde_json::{Value, json};

/// Most payments or refunds that one step carries on, side by side; each may call the provider four times.
const PAGE_MAX: u16 = 20;
/// Steps of one run for each of the two; more is left to the next minute, and said.
const STEPS_MAX: usize = 60;

async fn handle(app: &App) -> Result<Value, InvocationError> {
    if app.config().card_provider_url.is_none() {
        return Ok(json!({ "closed": 0, "failed": 0 }));
    }
    let swept = sweep::sweep(app, PAGE_MAX, STEPS_MAX).await?;
    Ok(json!({ "closed": swept.ended, "failed": swept.failed }))
}

/// Handles an event of the schedule.
pub fn handler(app: App, _: Value) -> Invocation {
    Box::pin(async move { handle(&app).await })
}
