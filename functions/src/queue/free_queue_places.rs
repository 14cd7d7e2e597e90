//! Queue `tokens` — frees the places of ended admissions.
//!
//! The events of a batch are counted together, each once however often it comes: their marks and the count are one
//! transaction for each queue.

use std::collections::BTreeMap;

use onsale_domain::queue::QueueId;
use onsale_platform::app::App;
use onsale_platform::events::{Data, Event, EventKind};
use onsale_platform::failure::Failure;
use onsale_platform::lambda::{Invocation, Retry, queue_batch_together};
use onsale_platform::store::queue::admissions;
use serde_json::Value;

async fn handle(app: &App, events: &[Event]) -> Vec<Result<(), Retry>> {
    let mut by_queue: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in events {
        if let (EventKind::TokenFinished, Data::Token(data)) = (event.kind, &event.data) {
            by_queue.entry(&data.queue_id).or_default().push(&event.id);
        }
    }
    let mut failed: BTreeMap<&str, Failure> = BTreeMap::new();
    for (queue, ids) in by_queue {
        let finished = match QueueId::parse(queue) {
            Ok(id) => admissions::finish(app, &id, &ids).await,
            Err(problem) => Err(Failure::Internal(problem.to_string())),
        };
        if let Err(failure) = finished {
            failed.insert(queue, failure);
        }
    }
    let result = |event: &Event| match &event.data {
        Data::Token(data) => failed.get(data.queue_id.as_str()).map_or(Ok(()), |failure| Err(failure.clone().into())),
        Data::Reservation(_) | Data::Order(_) | Data::Admin(_) | Data::Card(_) | Data::Link(_) => Ok(()),
    };
    events.iter().map(result).collect()
}

/// Handles a batch of messages.
pub fn handler(app: App, batch: Value) -> Invocation {
    Box::pin(queue_batch_together(app, batch, handle))
}
