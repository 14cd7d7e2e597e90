//! A queue as a trigger: its messages, in batches, to one function; those it names as failed come again.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::aws::cloudformation::{Batch, REGION};
use crate::aws::engine::EngineError;
use crate::aws::engine::sqs::Sqs;
use crate::aws::event_sources::event_pattern;
use crate::aws::event_sources::failed_items;
use crate::aws::lambda::Functions;

/// The most that one receive call gives.
const RECEIVE_MAX: usize = 10;

/// Reads one queue for one function.
#[derive(Clone)]
pub struct QueueReader {
    sqs: Sqs,
    functions: Arc<Functions>,
    function: String,
    batch: Batch,
    queue_url: String,
}

impl QueueReader {
    /// A reader of the queue at `queue_url`.
    #[must_use]
    pub fn new(sqs: Sqs, functions: Arc<Functions>, function: String, batch: Batch, queue_url: String) -> Self {
        Self { sqs, functions, function, batch, queue_url }
    }

    /// Takes what there is, at most one batch, waiting up to `wait_seconds` for the first message.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub async fn receive(&self, wait_seconds: u32) -> Result<Vec<Value>, EngineError> {
        let request = json!({
            "QueueUrl": self.queue_url,
            "MaxNumberOfMessages": self.batch.size.min(RECEIVE_MAX),
            "WaitTimeSeconds": wait_seconds,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        match self.sqs.call("ReceiveMessage", &request).await?["Messages"].take() {
            Value::Array(messages) => Ok(messages),
            _ => Ok(Vec::new()),
        }
    }

    /// Hands received messages to the function once, deletes what it dealt with, and gives the rest back.
    ///
    /// # Errors
    /// When the queue cannot be written.
    pub async fn deliver(&self, messages: Vec<Value>) -> Result<Vec<Value>, EngineError> {
        let (wanted, unwanted): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| self.passes_filter(message));
        let failed = if wanted.is_empty() { Vec::new() } else { self.call(&wanted).await };
        let (failed, done): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|message| failed.iter().any(|name| name == message_id(message)));
        for message in unwanted.iter().chain(&done) {
            let request = json!({ "QueueUrl": self.queue_url, "ReceiptHandle": message["ReceiptHandle"] });
            self.sqs.call("DeleteMessage", &request).await?;
        }
        Ok(failed)
    }

    /// Lets a message be received again at once instead of after its visibility time-out.
    ///
    /// # Errors
    /// When the queue cannot be written.
    pub async fn make_visible(&self, message: &Value) -> Result<(), EngineError> {
        let handle = &message["ReceiptHandle"];
        let request = json!({ "QueueUrl": self.queue_url, "ReceiptHandle": handle, "VisibilityTimeout": 0 });
        self.sqs.call("ChangeMessageVisibility", &request).await.map(|_| ())
    }

    /// The ids of the messages that failed.
    async fn call(&self, messages: &[Value]) -> Vec<String> {
        let names: Vec<String> = messages.iter().map(|message| message_id(message).to_owned()).collect();
        let records: Vec<Value> = messages.iter().map(|message| self.as_event_record(message)).collect();
        match self.functions.call(&self.function, json!({ "Records": records })).await {
            Ok(answer) if self.batch.reports_failures => failed_items(&answer, &names),
            Ok(_) => Vec::new(),
            Err(problem) => {
                tracing::error!(function = self.function, %problem, "a batch of messages failed");
                names
            }
        }
    }

    fn passes_filter(&self, message: &Value) -> bool {
        let text = message["Body"].as_str().unwrap_or_default();
        let body = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        event_pattern::matches_any(&self.batch.patterns, &json!({ "body": body }))
    }

    fn as_event_record(&self, message: &Value) -> Value {
        json!({
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "md5OfBody": message["MD5OfBody"],
            "attributes": message.get("Attributes").cloned().unwrap_or(Value::Object(Map::new())),
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": self.batch.source_arn,
            "awsRegion": REGION,
        })
    }
}

fn message_id(message: &Value) -> &str {
    message["MessageId"].as_str().unwrap_or_default()
}
