//! The table's stream as a trigger: new records, in order, in batches, to one function.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::cloudformation::{Batch, REGION, Table};
use crate::aws::engine::EngineError;
use crate::aws::engine::dynamodb::{DynamoDb, StreamPlace};
use crate::aws::engine::sqs::Sqs;
use crate::aws::event_sources::event_pattern;
use crate::aws::event_sources::failed_items;
use crate::aws::lambda::Functions;

/// Reads the stream for one function.
pub struct StreamReader {
    dynamodb: DynamoDb,
    functions: Arc<Functions>,
    function: String,
    batch: Batch,
    /// Behind the last record that is done with.
    place: StreamPlace,
    /// The queue that gets a message for each record that is given up, by its URL.
    on_failure: Option<(Sqs, String)>,
    /// The record that stands in the way, and since when it fails.
    stuck: Option<(String, Timestamp)>,
}

/// The result of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Records the reader is done with, those the patterns left out included.
    pub done: usize,
    /// Whether a record failed and must be delivered again.
    pub failed: bool,
    /// Whether the stream gave as many records as a batch has, so that there may be more.
    pub full: bool,
}

impl StreamReader {
    /// A reader that begins behind `position`, or with the oldest record.
    ///
    /// # Errors
    /// When the table has no stream.
    pub fn new(
        dynamodb: DynamoDb,
        functions: Arc<Functions>,
        table: &Table,
        function: String,
        batch: Batch,
        position: Option<String>,
        on_failure: Option<(Sqs, String)>,
    ) -> Result<Self, EngineError> {
        let streams = dynamodb.call("ListStreams", &json!({ "TableName": table.name }))?;
        let stream_arn = streams["Streams"][0]["StreamArn"].as_str().unwrap_or_default().to_owned();
        let stream = dynamodb.call("DescribeStream", &json!({ "StreamArn": stream_arn }))?;
        let shard_id = &stream["StreamDescription"]["Shards"][0]["ShardId"];
        let shard_id = shard_id.as_str().unwrap_or_default().to_owned();
        let place = StreamPlace { stream_arn, shard_id, position };
        Ok(Self { dynamodb, functions, function, batch, place, on_failure, stuck: None })
    }

    /// The sequence number up to which the reader is done.
    #[must_use]
    pub fn position(&self) -> Option<&str> {
        self.place.position.as_deref()
    }

    /// Hands the next batch to the function once.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub async fn deliver_next_batch(&mut self) -> Result<Step, EngineError> {
        let records = self.dynamodb.read_stream(&self.place, self.batch.size)?;
        let full = records.len() >= self.batch.size;
        let wanted: Vec<Value> = records
            .iter()
            .filter(|record| event_pattern::matches_any(&self.batch.patterns, record))
            .map(|record| self.as_event_record(record))
            .collect();
        let mut step = if wanted.is_empty() {
            Step { done: records.len(), failed: false, full }
        } else {
            let (done, failed) = self.deliver(&records, &wanted).await;
            Step { done, failed, full }
        };
        if step.failed && self.is_too_old(&records[step.done]) {
            self.give_up(&records[step.done]).await?;
            step = Step { done: step.done + 1, failed: false, full };
        }
        if let Some(last) = step.done.checked_sub(1) {
            self.place.position = Some(sequence_number(&records[last]).to_owned());
        }
        Ok(step)
    }

    /// Whether a record that failed has been in the way for as long as the template lets it. On AWS its own age counts;
    /// here the time since it failed first, because a stack that was off is no outage.
    fn is_too_old(&mut self, record: &Value) -> bool {
        let (now, name) = (self.functions.now(), sequence_number(record));
        match &self.stuck {
            Some((stuck, since)) if stuck == name => {
                self.batch.age_max.is_some_and(|age| since.duration_until(now) >= age)
            }
            _ => {
                self.stuck = Some((name.to_owned(), now));
                false
            }
        }
    }

    /// Sends where in the stream a record is that is not tried any more: AWS sends that, and not the record.
    async fn give_up(&self, record: &Value) -> Result<(), EngineError> {
        tracing::error!(function = self.function, sequence = sequence_number(record), "a stream record was discarded");
        let Some((sqs, url)) = &self.on_failure else { return Ok(()) };
        let failure = json!({
            "requestContext": { "functionArn": self.function, "condition": "RecordAgeExceeded" },
            "version": "1.0",
            "timestamp": self.functions.now(),
            "DDBStreamBatchInfo": {
                "shardId": self.place.shard_id,
                "startSequenceNumber": sequence_number(record),
                "endSequenceNumber": sequence_number(record),
                "batchSize": 1,
                "streamArn": self.place.stream_arn,
            },
        });
        let request = json!({ "QueueUrl": url, "MessageBody": failure.to_string() });
        sqs.call("SendMessage", &request).await.map(|_| ())
    }

    fn as_event_record(&self, record: &Value) -> Value {
        let mut record = record.clone();
        record["eventSourceARN"] = self.batch.source_arn.as_str().into();
        record["awsRegion"] = REGION.into();
        record
    }

    /// Delivers `wanted`, which are some of `records`; of a batch that fails as a whole the first half, and so on. How
    /// many records are done with, and whether the next one failed.
    async fn deliver(&self, records: &[Value], wanted: &[Value]) -> (usize, bool) {
        let index = |name: &str| records.iter().position(|record| sequence_number(record) == name);
        let mut handed = wanted.len();
        loop {
            let names: Vec<String> = wanted[..handed].iter().map(|record| sequence_number(record).to_owned()).collect();
            let answer = self.functions.call(&self.function, json!({ "Records": &wanted[..handed] })).await;
            let failed = match answer {
                Err(problem) => {
                    tracing::error!(function = self.function, records = handed, %problem, "a batch of the stream failed");
                    if self.batch.bisects && handed > 1 {
                        handed /= 2;
                        continue;
                    }
                    names
                }
                Ok(_) if !self.batch.reports_failures => Vec::new(),
                Ok(answer) => failed_items(&answer, &names),
            };
            if let Some(first) = failed.iter().filter_map(|name| index(name)).min() {
                return (first, true);
            }
            let rest = wanted.get(handed).and_then(|record| index(sequence_number(record)));
            return (rest.unwrap_or(records.len()), false);
        }
    }
}

fn sequence_number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default()
}
