//! Table stream — turns committed changes into events and puts each on the queues that want it.
//!
//! A record that cannot be understood is parked with its keys and images and the rest goes on; only a queue that
//! cannot be reached stops the shard, which then continues at the first record that was not sent.

use std::panic::{self, AssertUnwindSafe};

use aws_lambda_events::dynamodb::EventRecord;
use onsale_platform::app::App;
use onsale_platform::events::{self, Event, EventQueue, PARKED_MESSAGE_BYTES_MAX};
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::store::events::outbox::{self, UnreadableChange};
use onsale_platform::telemetry::metrics::{EVENTS_PARKED, EVENTS_RELAYED, RELAY_SECONDS};
use onsale_platform::telemetry::trace::{OpenSpan, SpanKind};
use serde::Deserialize;
use serde_json::{Value, json};

/// Most characters of a reason that are told: some quote what they are about.
const PROBLEM_CHARACTERS_MAX: usize = 500;

/// A batch of the stream. Its records are read one by one, so that one that cannot be read stops no other.
#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

/// The messages for one queue: bodies, each with the index of its record.
struct Post {
    queue: EventQueue,
    bodies: Vec<String>,
    records: Vec<usize>,
}

async fn handle(app: &App, batch: Batch) -> Result<Value, InvocationError> {
    let mut posts: Vec<Post> = Vec::new();
    let mut events: Vec<(usize, Event, Option<OpenSpan>)> = Vec::new();
    for (index, record) in batch.records.iter().enumerate() {
        let (queues, body) = match read_event(record) {
            Ok(None) => continue,
            Ok(Some(mut event)) => {
                let open =
                    app.open_span(SpanKind::Producer, event.kind.as_str().to_owned(), event.context(), &event.id);
                // Its consumer continues the relaying, which continues the request.
                event.traceparent = open.as_ref().map(|open| open.context().to_string()).or(event.traceparent);
                let post = (event.destination_queues(), serde_json::to_string(&event)?);
                events.push((index, event, open));
                post
            }
            Err(unreadable) => {
                app.meter().count(&EVENTS_PARKED, 1, &[]);
                tracing::error!(sequence = sequence_number(record), %unreadable, "a change is parked");
                (&[EventQueue::Parked][..], parked_message(&unreadable, record))
            }
        };
        for queue in queues {
            let at = posts.iter().position(|post| post.queue == *queue).unwrap_or(posts.len());
            if at == posts.len() {
                posts.push(Post { queue: *queue, bodies: Vec::new(), records: Vec::new() });
            }
            posts[at].bodies.push(body.clone());
            posts[at].records.push(index);
        }
    }
    let stopped_at = send(app, &posts).await;
    for (index, event, open) in events {
        let relayed = stopped_at.is_none_or(|stop| index < stop);
        if relayed {
            app.meter().count(&EVENTS_RELAYED, 1, &[event.kind.as_str()]);
            app.meter().record(&RELAY_SECONDS, event.age(app).as_secs_f64(), &[]);
        }
        open.into_iter().for_each(|open| open.end(app.meter(), !relayed, vec![("event_id", event.id.clone())]));
    }
    Ok(match stopped_at {
        None => json!({ "batchItemFailures": [] }),
        Some(first) => json!({ "batchItemFailures": [{ "itemIdentifier": sequence_number(&batch.records[first]) }] }),
    })
}

/// The event of a record. It is made without looking outside, so that a record fails always or never; one that our
/// own code breaks on is poison like any other.
fn read_event(record: &Value) -> Result<Option<Event>, UnreadableChange> {
    let made = panic::catch_unwind(AssertUnwindSafe(|| {
        let record = serde_json::from_value::<EventRecord>(record.clone());
        outbox::event_of_record(&record.map_err(|problem| UnreadableChange(problem.to_string()))?)
    }));
    made.unwrap_or_else(|_| Err(UnreadableChange("it made the reader panic".to_owned())))
}

/// Sends to all queues side by side; the first record of which something may not have been sent.
async fn send(app: &App, posts: &[Post]) -> Option<usize> {
    let sent = posts.iter().map(|post| async {
        let problem = events::send(app, post.queue, &post.bodies).await.err()?;
        let record = post.records[problem.first];
        tracing::error!(queue = ?post.queue, %problem, "changes could not be relayed");
        Some(record)
    });
    futures_util::future::join_all(sent).await.into_iter().flatten().min()
}

/// The body of a parked message: the reason and the record, or as much of it as fits; the table has the rest.
fn parked_message(unreadable: &UnreadableChange, record: &Value) -> String {
    let problem: String = unreadable.to_string().chars().take(PROBLEM_CHARACTERS_MAX).collect();
    let message = |record: &Value| json!({ "problem": problem, "record": record }).to_string();
    let mut record = record.clone();
    for image in ["OldImage", "NewImage"] {
        let whole = message(&record);
        if whole.len() <= PARKED_MESSAGE_BYTES_MAX {
            return whole;
        }
        if let Some(change) = record["dynamodb"].as_object_mut() {
            change.remove(image);
        }
    }
    message(&record)
}

fn sequence_number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default()
}

/// Handles a batch of records.
pub fn handler(app: App, event: Value) -> Invocation {
    Box::pin(async move { handle(&app, serde_json::from_value(event)?).await })
}
