//! Queue `sales` — counts the units of paid orders by product and day, and takes those given back off again.
//!
//! A batch is one transaction: the mark of each event and one count for each day and product. So an event counts once
//! however often it is delivered, in whatever order, and a best-seller is written once for many of its buyers.

use onsale_platform::app::App;
use onsale_platform::events::Event;
use onsale_platform::lambda::{Invocation, Retry, queue_batch_together};
use onsale_platform::store::products::sales;
use serde_json::Value;

async fn handle(app: &App, events: &[Event]) -> Vec<Result<(), Retry>> {
    sales::record(app, events).await.into_iter().map(|result| result.map_err(Retry::from)).collect()
}

/// Handles a batch of messages.
pub fn handler(app: App, batch: Value) -> Invocation {
    Box::pin(queue_batch_together(app, batch, handle))
}
