//! Table stream — turns committed changes into events and puts each on the queues that want it.
//!
//! A record that cannot be understood is parked with its keys and images and the rest goes on; only a queue that
//! cannot be reached stops the shard, which then continues at that record.

use aws_lambda_events::dynamodb::EventRecord;
use onsale_platform::app::App;
use onsale_platform::events::{self, Queue};
use onsale_platform::lambda::{Answer, Failure};
use onsale_platform::store::changes::{self, Poison};
use serde::Deserialize;
use serde_json::{Value, json};

/// A batch of the stream. Its records are read one by one, so that one that cannot be read stops no other.
#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

async fn handle(app: &App, batch: Batch) -> Value {
    for record in &batch.records {
        if let Err(failure) = relay(app, record).await {
            let sequence = record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default();
            tracing::error!(sequence, %failure, "a change could not be relayed");
            return json!({ "batchItemFailures": [{ "itemIdentifier": sequence }] });
        }
    }
    json!({ "batchItemFailures": [] })
}

async fn relay(app: &App, record: &Value) -> Result<(), Failure> {
    let read = serde_json::from_value::<EventRecord>(record.clone()).map_err(|problem| Poison(problem.to_string()));
    match read.and_then(|read| changes::event(&read)) {
        Ok(None) => Ok(()),
        Ok(Some(event)) => {
            let body = serde_json::to_string(&event)?;
            for queue in event.wanted_by() {
                events::send(app, *queue, std::slice::from_ref(&body)).await?;
            }
            Ok(())
        }
        Err(poison) => {
            tracing::error!(%poison, "a change was parked");
            let parked = json!({ "problem": poison.to_string(), "record": record });
            Ok(events::send(app, Queue::Parked, &[parked.to_string()]).await?)
        }
    }
}

/// Its answer to an event.
pub fn answer(app: App, event: Value) -> Answer {
    Box::pin(async move { Ok(handle(&app, serde_json::from_value(event)?).await) })
}
