//! The table's stream as a trigger: new records, in order, in batches, to one function.

use std::sync::Arc;

use serde_json::{Value, json};

use super::failed_items;
use crate::engine::EngineError;
use crate::engine::dynamodb::DynamoDb;
use crate::filter;
use crate::lambda::Functions;
use crate::template::{Batch, REGION, Table};

/// Reads the stream for one function.
pub struct StreamReader {
    dynamodb: DynamoDb,
    functions: Arc<Functions>,
    function: String,
    batch: Batch,
    stream_arn: String,
    shard_id: String,
    /// The last record that is done with.
    position: Option<String>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Records the reader is done with, those the patterns left out included.
    pub done: usize,
    /// Whether a record failed and must be handed over again.
    pub failed: bool,
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
        (function, batch): (String, Batch),
        position: Option<String>,
    ) -> Result<Self, EngineError> {
        let streams = dynamodb.ask("ListStreams", &json!({ "TableName": table.name }))?;
        let stream_arn = streams["Streams"][0]["StreamArn"].as_str().unwrap_or_default().to_owned();
        let stream = dynamodb.ask("DescribeStream", &json!({ "StreamArn": stream_arn }))?;
        let shard_id = &stream["StreamDescription"]["Shards"][0]["ShardId"];
        let shard_id = shard_id.as_str().unwrap_or_default().to_owned();
        Ok(Self { dynamodb, functions, function, batch, stream_arn, shard_id, position })
    }

    /// The sequence number up to which the reader is done.
    #[must_use]
    pub fn position(&self) -> Option<&str> {
        self.position.as_deref()
    }

    /// Hands the next batch to the function once.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub async fn step(&mut self) -> Result<Step, EngineError> {
        let records = self.next_records()?;
        let wanted: Vec<Value> = records
            .iter()
            .filter(|record| filter::lets_through(&self.batch.patterns, record))
            .map(|record| self.as_event_record(record))
            .collect();
        let failed_from = if wanted.is_empty() { None } else { self.hand_over(&records, wanted).await };
        let done = failed_from.unwrap_or(records.len());
        if let Some(last) = done.checked_sub(1) {
            self.position = Some(sequence_number(&records[last]).to_owned());
        }
        Ok(Step { done, failed: failed_from.is_some() })
    }

    fn next_records(&self) -> Result<Vec<Value>, EngineError> {
        let mut request = json!({ "StreamArn": self.stream_arn, "ShardId": self.shard_id });
        match &self.position {
            Some(position) => {
                request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
                request["SequenceNumber"] = position.as_str().into();
            }
            None => request["ShardIteratorType"] = "TRIM_HORIZON".into(),
        }
        let iterator = self.dynamodb.ask("GetShardIterator", &request)?;
        let request = json!({ "ShardIterator": iterator["ShardIterator"], "Limit": self.batch.size });
        match self.dynamodb.ask("GetRecords", &request)?["Records"].take() {
            Value::Array(records) => Ok(records),
            _ => Ok(Vec::new()),
        }
    }

    fn as_event_record(&self, record: &Value) -> Value {
        let mut record = record.clone();
        record["eventSourceARN"] = self.batch.source_arn.as_str().into();
        record["awsRegion"] = REGION.into();
        record
    }

    /// The index of the first of `records` that failed, if one did.
    async fn hand_over(&self, records: &[Value], wanted: Vec<Value>) -> Option<usize> {
        let first = records.iter().position(|record| sequence_number(record) == sequence_number(&wanted[0]));
        let names: Vec<String> = wanted.iter().map(|record| sequence_number(record).to_owned()).collect();
        let answer = self.functions.call(&self.function, json!({ "Records": wanted })).await;
        let failed = match answer {
            Err(problem) => {
                tracing::error!(function = self.function, %problem, "a batch of the stream failed");
                return first;
            }
            Ok(_) if !self.batch.reports_failures => return None,
            Ok(answer) => failed_items(&answer, &names),
        };
        records.iter().position(|record| failed.iter().any(|name| name == sequence_number(record)))
    }
}

fn sequence_number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default()
}
