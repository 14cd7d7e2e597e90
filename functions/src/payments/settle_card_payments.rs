//! Queue `cards` — captures, gives up and refunds at the payment provider.
//!
//! Delivered twice, late or out of order it does the same once: each message only says which payment to look at, and the
//! step that is taken follows from how the payment stands with us and with the provider.

use onsale_domain::id::{CardPaymentId, UserId};
use onsale_platform::app::App;
use onsale_platform::events::{Data, Event};
use onsale_platform::lambda::{Invocation, Retry, queue_batch};
use onsale_platform::store::wallet::cards::carry_on::{Until, carry_on};
use onsale_platform::store::wallet::cards::refund::carry_refund_on;
use serde_json::Value;

async fn handle(app: &App, event: &Event) -> Result<(), Retry> {
    let Data::Card(data) = &event.data else { return Ok(()) };
    let (user, payment) = (UserId(data.user_id), CardPaymentId(data.card_payment_id));
    match data.refund {
        Some(number) => carry_refund_on(app, user, payment, number).await?,
        None => drop(carry_on(app, user, payment, Until::AtRest).await?),
    }
    Ok(())
}

/// Handles a batch of messages.
pub fn handler(app: App, batch: Value) -> Invocation {
    Box::pin(queue_batch(app, batch, handle))
}
