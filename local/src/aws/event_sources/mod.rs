//! The event sources that call functions besides HTTP: the table's stream, the queues, and schedules.
//!
//! A trigger is a step that does one bounded piece of work. The running stack loops the steps; tests call them by
//! hand.

pub mod checkpoint;
pub mod cron;
pub mod event_pattern;
mod queue;
mod running;
mod stream;

use std::sync::Arc;

use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::aws::cloudformation::{ACCOUNT, Event, REGION, Template, TemplateError};
use crate::aws::engine::dynamodb::DynamoDb;
use crate::aws::engine::sqs::Sqs;
use crate::aws::engine::{EngineError, Engines};
use crate::aws::event_sources::checkpoint::Checkpoint;
use crate::aws::event_sources::cron::Schedule;
use crate::aws::lambda::{CallError, Functions};

pub use crate::aws::event_sources::queue::QueueReader;
pub use crate::aws::event_sources::running::Running;
pub use crate::aws::event_sources::stream::{Step, StreamReader};

/// A schedule of the template.
#[derive(Clone)]
struct Timed {
    function: String,
    schedule: Schedule,
    input: Option<Value>,
}

/// All triggers of the template.
pub struct Triggers {
    functions: Arc<Functions>,
    dynamodb: DynamoDb,
    sqs: Sqs,
    streams: Mutex<Vec<StreamReader>>,
    queues: Vec<QueueReader>,
    schedules: Vec<Timed>,
    unread: Vec<String>,
    /// None when the data is memory.
    checkpoint: Option<Mutex<Checkpoint>>,
}

/// A trigger cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// The engine refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The template has a trigger that cannot be.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

impl Triggers {
    /// Makes the triggers of the template and gives the queues back what `checkpoint` kept of them.
    ///
    /// # Errors
    /// When the stream is not there or a schedule cannot be understood.
    pub fn new(
        template: &Template,
        functions: Arc<Functions>,
        engines: Engines,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Self, TriggerError> {
        let Engines { dynamodb, sqs, .. } = engines;
        let position = checkpoint.as_ref().and_then(Checkpoint::sequence_number);
        let (mut streams, mut queues, mut schedules) = (Vec::new(), Vec::new(), Vec::new());
        for declaration in &template.functions {
            let function = declaration.name.clone();
            for event in declaration.events.iter().cloned() {
                let function = function.clone();
                match event {
                    Event::Http { .. } => {}
                    Event::Stream(batch) => {
                        let (dynamodb, functions) = (dynamodb.clone(), Arc::clone(&functions));
                        let on_failure =
                            template.queues.iter().find(|queue| batch.on_failure.as_ref() == Some(&queue.arn));
                        let on_failure = on_failure.map(|queue| (sqs.clone(), queue.url.clone()));
                        let (table, position) = (&template.table, position.map(str::to_owned));
                        streams.push(StreamReader::new(
                            dynamodb, functions, table, function, batch, position, on_failure,
                        )?);
                    }
                    Event::Queue(batch) => {
                        let queue = template.queues.iter().find(|queue| queue.arn == batch.source_arn);
                        let queue = queue.ok_or_else(|| TemplateError::new(format!("has no {}", batch.source_arn)))?;
                        let (sqs, functions) = (sqs.clone(), Arc::clone(&functions));
                        queues.push(QueueReader::new(sqs, functions, function, batch, queue.url.clone()));
                    }
                    Event::Schedule { expression, input } => {
                        let schedule = Schedule::parse(&expression)
                            .ok_or_else(|| TemplateError::new(format!("has the wrong schedule {expression}")))?;
                        schedules.push(Timed { function, schedule, input });
                    }
                }
            }
        }
        let messages = checkpoint.as_ref().map(Checkpoint::parked_messages).unwrap_or_default();
        messages.iter().for_each(|message| sqs.queues().put_back(message));
        Ok(Self {
            functions,
            dynamodb,
            sqs,
            streams: Mutex::new(streams),
            queues,
            schedules,
            unread: template.unread_queues(),
            checkpoint: checkpoint.map(Mutex::new),
        })
    }

    /// Hands every new record of the stream to its function once, and says how many are done with.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub async fn relay(&self) -> Result<usize, EngineError> {
        let mut done = 0;
        for stream in self.streams.lock().await.iter_mut() {
            loop {
                let step = stream.deliver_next_batch().await?;
                done += step.done;
                if step.failed || step.done == 0 {
                    break;
                }
            }
        }
        self.save_checkpoint().await?;
        Ok(done)
    }

    /// Hands every message that waits on a queue to its function once, and says how many are done with. Those
    /// that failed can be received again at once.
    ///
    /// # Errors
    /// When a queue cannot be read or written.
    pub async fn deliver(&self) -> Result<usize, EngineError> {
        let mut done = 0;
        for queue in &self.queues {
            let mut batches = Vec::new();
            loop {
                let batch = queue.receive(0).await?;
                if batch.is_empty() {
                    break;
                }
                batches.push(batch);
            }
            for batch in batches {
                let received = batch.len();
                let failed = queue.deliver(batch).await?;
                done += received - failed.len();
                for message in &failed {
                    queue.make_visible(message).await?;
                }
            }
        }
        self.save_checkpoint().await?;
        Ok(done)
    }

    /// Calls a function as its schedule would.
    ///
    /// # Errors
    /// When it gives no answer.
    pub async fn run_schedule(&self, function: &str) -> Result<Value, CallError> {
        let timed = self.schedules.iter().find(|timed| timed.function == function);
        let input = timed.and_then(|timed| timed.input.clone()).unwrap_or_else(|| self.scheduled_event(function));
        self.functions.call(function, input).await
    }

    fn scheduled_event(&self, function: &str) -> Value {
        let now = self.functions.now();
        json!({
            "version": "0",
            "id": Ids::Random.uuid(now),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": REGION,
            "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{function}")],
            "detail": {},
        })
    }

    /// Writes down how far everything is done. The position is read first: if no message is left after that, then
    /// every message of a record before that position was consumed, or lies where nobody reads and is kept.
    async fn save_checkpoint(&self) -> Result<(), EngineError> {
        let Some(checkpoint) = &self.checkpoint else { return Ok(()) };
        let position = self.slowest_position().await;
        let (outstanding, messages) = self.sqs.queues().census(&self.unread);
        let mark = position.filter(|_| outstanding == 0);
        checkpoint.lock().await.save(messages, mark)?;
        Ok(())
    }

    /// How far the slowest reader of the stream is.
    async fn slowest_position(&self) -> Option<String> {
        let streams = self.streams.lock().await;
        let positions: Option<Vec<&str>> = streams.iter().map(StreamReader::position).collect();
        positions?.into_iter().min().map(str::to_owned)
    }

    /// The clock of the machine: schedules follow it even where a test has stopped the product's own.
    fn wall_clock() -> Clock {
        Clock::System
    }
}

/// The names in an answer's `batchItemFailures`. A name that is empty or not of this batch fails the whole batch,
/// as on AWS.
fn failed_items(answer: &Value, batch: &[String]) -> Vec<String> {
    let Some(failures) = answer["batchItemFailures"].as_array() else { return Vec::new() };
    let names: Vec<String> =
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap_or_default().to_owned()).collect();
    if names.iter().all(|name| batch.contains(name)) { names } else { batch.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_fails_the_whole_batch() {
        let batch = ["a".to_owned(), "b".to_owned()];
        let of = |names: Value| failed_items(&json!({ "batchItemFailures": names }), &batch);
        assert!(of(json!([])).is_empty());
        assert!(failed_items(&Value::Null, &batch).is_empty());
        assert_eq!(of(json!([{"itemIdentifier": "b"}])), ["b"]);
        assert_eq!(of(json!([{"itemIdentifier": "c"}])), batch);
        assert_eq!(of(json!([{"itemIdentifier": null}])), batch);
    }
}
