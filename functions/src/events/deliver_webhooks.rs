//! Queue `data_platform` — posts each event to the data platform, signed; puts off what it does not take now, and parks
//! what it will not have.
//!
//! An event may be posted twice: whoever receives it tells by its id. Nothing that sells waits for this.

use onsale_platform::app::App;
use onsale_platform::events::{self, Event, EventQueue};
use onsale_platform::lambda::{Delivery, Invocation, Retry, queue_deliveries};
use onsale_platform::telemetry::metrics::{EVENTS_PARKED, POSTS};
use onsale_platform::webhook::{self, Outcome};
use serde_json::{Value, json};

async fn handle(app: &App, event: &Event, delivery: &Delivery) -> Result<(), Retry> {
    let outcome = webhook::deliver(app, event).await?;
    app.meter().count(&POSTS, 1, &[outcome.as_str()]);
    match outcome {
        Outcome::Taken => Ok(()),
        Outcome::Refused => {
            tracing::error!(event_id = event.id, "the data platform answered 410: an event is parked");
            app.meter().count(&EVENTS_PARKED, 1, &[]);
            let parked = json!({ "problem": "the data platform answered 410", "event": event });
            events::send(app, EventQueue::Parked, &[parked.to_string()])
                .await
                .map_err(|problem| Retry(problem.to_string()))
        }
        Outcome::Later { problem, retry_after } => {
            let pause = events::retry_seconds(app, delivery.count, retry_after);
            if let Err(failure) = events::postpone(app, EventQueue::DataPlatform, &delivery.receipt_handle, pause).await
            {
                // Then it comes again after the queue's own time.
                tracing::warn!(event_id = event.id, %failure, "an event could not be postponed");
            }
            Err(Retry(problem))
        }
    }
}

/// Handles a batch of messages.
pub fn handler(app: App, batch: Value) -> Invocation {
    Box::pin(queue_deliveries(app, batch, handle))
}
