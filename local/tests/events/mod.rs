//! Committed changes become events, and events are consumed.

mod allow_mail;
mod busy_day;
mod deliver_webhooks;
mod outage;
mod record_mail_report;
mod record_sales;
mod redrive;
pub mod relay_changes;
mod release_declined_payment;
mod rereading;
mod schemas;
mod send_mail;

use serde_json::{Value, json};

use crate::support::World;

/// The URL of the queue whose logical name in the template begins with `name`.
pub fn queue(world: &World, name: &str) -> String {
    let queues = &world.stack.template().queues;
    let found = queues.iter().find(|queue| queue.name.contains(&format!("{name}Queue")));
    found.unwrap_or_else(|| panic!("no {name} among {queues:?}")).url.clone()
}

/// Takes every message off a queue.
pub async fn receive_all(world: &World, url: &str) -> Vec<String> {
    let mut bodies = Vec::new();
    loop {
        let request = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 });
        let answer = world.stack.sqs().call("ReceiveMessage", &request).await.expect("received");
        let Some(messages) = answer["Messages"].as_array().filter(|messages| !messages.is_empty()) else {
            return bodies;
        };
        for message in messages {
            bodies.push(message["Body"].as_str().expect("a body").to_owned());
            let request = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
            world.stack.sqs().call("DeleteMessage", &request).await.expect("deleted");
        }
    }
}

/// How many messages lie in a queue, waiting or handed out.
pub fn message_count(world: &World, name: &str) -> usize {
    let url = queue(world, name);
    let name = url.rsplit('/').next().expect("a name").to_owned();
    world.stack.sqs().queues().census(std::slice::from_ref(&name)).1.len()
}

/// A hall of whose making the data platform is told nothing more.
pub async fn quiet_hall(world: &World) -> String {
    let schedule = world.schedule_with_seats().await;
    world.stack.relay().await.expect("relayed");
    receive_all(world, &queue(world, "DataPlatform")).await;
    schedule
}

pub async fn put(world: &World, url: &str, body: &str) {
    let request = json!({ "QueueUrl": url, "MessageBody": body });
    world.stack.sqs().call("SendMessage", &request).await.expect("sent");
}

/// A batch as SQS hands it to a function; the messages are named `m0`, `m1` …
pub fn batch(bodies: &[&str]) -> Value {
    let record = |(number, body): (usize, &&str)| {
        json!({
            "messageId": format!("m{number}"),
            "receiptHandle": "handle",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:payments",
            "awsRegion": "us-east-1",
        })
    };
    json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
}

/// A user without money whose payment of these seats was declined; the reservation's id.
async fn person_with_declined_payment(
    world: &World,
    schedule: &str,
    seats: &[&str],
) -> (crate::support::Person, String) {
    let poor = world.user_with(0).await;
    let held = poor.hold(schedule, seats).await.expect(201).reservation();
    poor.pay(&held).await.expect_problem(402, "insufficient-balance");
    (poor, held)
}
