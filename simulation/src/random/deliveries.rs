//! How committed changes reach their consumers: late, twice, in any order, and from the start again.

use serde_json::{Value, json};

use crate::random::actors::{Outcome, Task};
use crate::random::run::Simulation;
use local::stack::Stack;

/// The consumers, and what the names of their queues begin with.
const CONSUMERS: [(&str, &str); 4] = [
    ("release_declined_payment", "PaymentsQueue"),
    ("record_sales", "SalesQueue"),
    ("free_queue_places", "TokensQueue"),
    ("settle_card_payments", "CardsQueue"),
];
/// Most records of the stream in one batch.
const RECORDS_MAX: usize = 20;

impl Simulation {
    pub(crate) fn finish_delivery(
        &mut self,
        consumer: &'static str,
        bodies: Vec<String>,
        outcome: Option<Outcome>,
    ) -> Result<(), String> {
        let failed: Vec<usize> = match outcome {
            // Killed, or failed as a whole: all come again.
            None | Some(Err(_)) => (0..bodies.len()).collect(),
            Some(Ok(answer)) => {
                let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
                failures.iter().filter_map(|failure| failure["itemIdentifier"].as_str()?.parse().ok()).collect()
            }
        };
        for (index, body) in bodies.into_iter().enumerate() {
            // Also what succeeded comes twice at times.
            if failed.contains(&index) || (self.plan.faults && self.rng.below(10) == 9) {
                self.report.count_other("messages that come again");
                self.mail.push((consumer, body));
            }
        }
        Ok(())
    }

    pub(crate) async fn finish_relay(
        &mut self,
        records: &[Value],
        fresh: bool,
        outcome: Option<Outcome>,
    ) -> Result<(), String> {
        if fresh {
            self.relaying = false;
            let sequence = |record: &Value| record["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
            if let Some(Ok(answer)) = &outcome {
                let failed = answer["batchItemFailures"][0]["itemIdentifier"].as_str().map(str::to_owned);
                let done = records.iter().map(sequence).take_while(|number| failed.is_none() || *number != failed);
                self.position = done.last().flatten().or(self.position.take());
            }
        }
        // Whatever was sent is sent, also by who died before answering.
        for (consumer, body) in drain_queues(&self.stack).await? {
            let copies = if self.plan.faults && self.rng.below(4) == 3 { 2 } else { 1 };
            self.mail.extend((0..copies).map(|_| (consumer, body.clone())));
        }
        Ok(())
    }

    pub(crate) fn read_records(&self, from: Option<&str>, most: usize) -> Result<Vec<Value>, String> {
        read_records(&self.stack, from, most)
    }

    /// Hands records of the stream on: the next ones, or, at times, from the start again.
    pub(crate) fn start_relay(&mut self) -> Result<(), String> {
        let again = self.plan.faults && self.rng.below(20) == 19;
        if self.relaying && !again {
            return Ok(());
        }
        let from = if again { None } else { self.position.clone() };
        self.report.count_other(if again { "readings of the stream from its start" } else { "readings of the stream" });
        let records = self.read_records(from.as_deref(), RECORDS_MAX)?;
        if records.is_empty() {
            return Ok(());
        }
        self.relaying |= !again;
        let event = json!({ "Records": records });
        self.start(Task::Relay { records, fresh: !again }, "relay_changes", event)
    }

    /// Hands a few messages to their consumer, in any order.
    pub(crate) fn start_delivery(&mut self) -> Result<(), String> {
        if self.mail.is_empty() {
            return Ok(());
        }
        let first = self.rng.below(self.mail.len());
        let (consumer, body) = self.mail.swap_remove(first);
        let mut bodies = vec![body];
        for _ in 0..self.rng.below(4) {
            let Some(index) = self.mail.iter().position(|(other, _)| *other == consumer) else { break };
            bodies.push(self.mail.swap_remove(index).1);
        }
        let event = sqs_event(&bodies);
        self.start(Task::Delivery { consumer, bodies }, consumer, event)
    }
}

/// Takes what was sent to the consumers' queues out of them.
pub(crate) async fn drain_queues(stack: &Stack) -> Result<Vec<(&'static str, String)>, String> {
    let mut mail = Vec::new();
    for (consumer, name) in CONSUMERS {
        let queue = stack.template().queues.iter().find(|queue| queue.name.contains(name));
        let url = queue.map(|queue| queue.url.clone()).ok_or("no queue")?;
        loop {
            let request = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 });
            let answer = stack.sqs().call("ReceiveMessage", &request).await.map_err(|error| error.to_string())?;
            let received = answer["Messages"].as_array().cloned().unwrap_or_default();
            if received.is_empty() {
                break;
            }
            for message in received {
                let request = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
                stack.sqs().call("DeleteMessage", &request).await.map_err(|error| error.to_string())?;
                mail.push((consumer, message["Body"].as_str().unwrap_or_default().to_owned()));
            }
        }
    }
    Ok(mail)
}

/// Records of the stream after a position, or from the start.
pub(crate) fn read_records(stack: &Stack, from: Option<&str>, most: usize) -> Result<Vec<Value>, String> {
    let ask = |operation: &str, request: Value| {
        stack.dynamodb().call(operation, &request).map_err(|problem| problem.to_string())
    };
    let table = &stack.template().table.name;
    let stream = ask("ListStreams", json!({ "TableName": table }))?["Streams"][0]["StreamArn"].clone();
    let shard = ask("DescribeStream", json!({ "StreamArn": stream }))?["StreamDescription"]["Shards"][0].clone();
    let mut wanted = json!({ "StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON" });
    if let Some(position) = from {
        wanted["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
        wanted["SequenceNumber"] = position.into();
    }
    let iterator = ask("GetShardIterator", wanted)?["ShardIterator"].clone();
    let records = ask("GetRecords", json!({ "ShardIterator": iterator, "Limit": most }))?["Records"].take();
    Ok(records.as_array().cloned().unwrap_or_default())
}

/// The SQS event of these message bodies, as far as consumers read it.
#[must_use]
pub fn sqs_event(bodies: &[String]) -> Value {
    let message = |(index, body): (usize, &String)| {
        json!({
            "messageId": index.to_string(), "receiptHandle": index.to_string(), "body": body,
            "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {}, "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:simulation", "awsRegion": "us-east-1",
        })
    };
    json!({ "Records": bodies.iter().enumerate().map(message).collect::<Vec<_>>() })
}
