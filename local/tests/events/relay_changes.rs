//! relay_changes, from the table's stream

use std::sync::Arc;

use serde_json::{Value, json};

use super::{person_with_declined_payment, queue, receive_all};
use crate::support::World;
use crate::support::recorder::{Disturb, Fault};

/// The records of the stream that tell of a change that buyers made, as the function gets them.
pub fn records(world: &World) -> Vec<Value> {
    let told = |record: &Value| {
        let change = record["dynamodb"]["NewImage"]["change"]["S"].as_str();
        change.is_some_and(|change| change != "admin.acted")
    };
    records_after(world, "").into_iter().filter(told).collect()
}

/// The next records of the stream after the one with this number, or from its start.
pub fn records_after(world: &World, position: &str) -> Vec<Value> {
    let ask = |operation: &str, request: Value| world.stack.dynamodb().call(operation, &request).expect("an answer");
    let table = &world.stack.template().table.name;
    let stream = ask("ListStreams", json!({ "TableName": table }))["Streams"][0]["StreamArn"].clone();
    let shard = ask("DescribeStream", json!({ "StreamArn": stream }))["StreamDescription"]["Shards"][0].clone();
    let wanted = json!({ "StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON" });
    let after = json!({
        "StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
        "SequenceNumber": position,
    });
    let iterator = ask("GetShardIterator", if position.is_empty() { wanted } else { after })["ShardIterator"].clone();
    let found = ask("GetRecords", json!({ "ShardIterator": iterator, "Limit": 1_000 }))["Records"].take();
    let Value::Array(found) = found else { panic!("no records") };
    let with_source = |mut record: Value| {
        record["eventSourceARN"] = stream.clone();
        record["awsRegion"] = "us-east-1".into();
        record
    };
    found.into_iter().map(with_source).collect()
}

pub fn sequence(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().expect("a number")
}

pub async fn relay(world: &World, records: &[Value]) -> Value {
    world.stack.invoke("relay_changes", json!({ "Records": records })).await.expect("an answer")
}

/// Puts an item into the table as no code of ours would.
pub fn put_item(world: &World, item: Value) {
    let request = json!({ "TableName": world.stack.template().table.name, "Item": item });
    world.stack.dynamodb().call("PutItem", &request).expect("put");
}

#[tokio::test]
async fn a_decline_is_put_on_the_queue_that_wants_it() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let (poor, held) = person_with_declined_payment(&world, &id, &["A-1-1", "A-1-2"]).await;
    let rich = world.user_with(50_000).await;
    let bought = rich.hold(&id, &["A-1-3"]).await.expect(201).reservation();
    rich.pay(&bought).await.expect(201);
    world.stack.relay().await.expect("relayed");
    let messages = receive_all(&world, &queue(&world, "Payments")).await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    let event: Value = serde_json::from_str(&messages[0]).expect("JSON");
    let schedule = poor.get(&format!("/schedules/{id}")).await.expect(200).body;
    let expected = json!({
        "specversion": "1.0",
        "id": format!("{}/RSV#{held}/2", poor.id),
        "source": "/onsale",
        "type": "payment.declined",
        "time": event["time"].as_str().expect("a time"),
        "data": {
            "user_id": poor.id.0,
            "reservation_id": held,
            "concert_id": schedule["concert_id"],
            "schedule_id": id,
            "ticket_ids": ["A-1-1", "A-1-2"],
            "total": 100_000,
            "refunded": 0,
            "version": 2,
        },
    });
    assert_eq!(event, expected);
    assert!(receive_all(&world, &queue(&world, "Parked")).await.is_empty());
}

#[tokio::test]
async fn a_record_that_is_read_twice_is_the_same_event() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    person_with_declined_payment(&world, &id, &["A-1-1"]).await;
    let records = records(&world);
    assert_eq!(records.len(), 2, "a hold and a decline");
    for _ in 0..2 {
        assert_eq!(relay(&world, &records).await, json!({ "batchItemFailures": [] }));
    }
    let messages = receive_all(&world, &queue(&world, "Payments")).await;
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0], messages[1]);
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked_and_the_rest_goes_on() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let (user, reservation) = ("USER#0193a000-0000-7000-8000-000000000001", "RSV#0000000002");
    let poison = [
        json!({ "pk": { "S": user }, "sk": { "S": reservation }, "change": { "S": "reservation.eaten" } }),
        json!({ "pk": { "S": user }, "sk": { "S": "UNPAID" }, "change": { "S": "payment.declined" } }),
        json!({ "pk": { "S": user }, "sk": { "S": "RSV#x" }, "change": { "S": "payment.declined" } }),
        json!({ "pk": { "S": "USER#x" }, "sk": { "S": reservation }, "change": { "S": "payment.declined" } }),
        // Of the right key and kind, and not a reservation.
        json!({ "pk": { "S": user }, "sk": { "S": reservation }, "change": { "S": "payment.declined" } }),
    ];
    for item in poison.clone() {
        put_item(&world, item);
    }
    let (poor, held) = person_with_declined_payment(&world, &id, &["A-1-1"]).await;
    world.stack.drain_events().await.expect("settled");
    let parked = receive_all(&world, &queue(&world, "Parked")).await;
    assert_eq!(parked.len(), poison.len());
    for (parked, item) in parked.iter().zip(&poison) {
        // With the reason, the keys and the whole image, so that a person can mend it.
        let parked: Value = serde_json::from_str(parked).expect("JSON");
        assert!(parked["problem"].as_str().is_some_and(|problem| !problem.is_empty()));
        let image = &parked["record"]["dynamodb"]["NewImage"];
        assert_eq!((&image["pk"], &image["change"]), (&item["pk"], &item["change"]));
    }
    // The decline behind them was relayed and settled.
    poor.hold(&id, &["A-1-1"]).await.expect(201);
    assert_eq!(poor.get(&format!("/reservations/{held}")).await.expect(200).body["state"], "declined");
}

#[tokio::test]
async fn an_unreachable_queue_fails_from_its_first_record_on() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    for seats in [["A-1-1"], ["A-1-2"]] {
        person_with_declined_payment(&world, &id, &seats).await;
    }
    let records = records(&world);
    // Hold, decline, hold, decline: the first record nobody wants, so it does not fail.
    assert_eq!(records.len(), 4);
    let outage = Arc::new(Disturb::next("SendMessageBatch", Fault::LoseRequest, 1_000));
    world.stack.intercept(Some(outage.clone()));
    let failed = relay(&world, &records).await;
    assert_eq!(failed, json!({ "batchItemFailures": [{ "itemIdentifier": sequence(&records[1]) }] }));
    let failed = relay(&world, &records[2..]).await;
    assert_eq!(failed, json!({ "batchItemFailures": [{ "itemIdentifier": sequence(&records[3]) }] }));
    assert_eq!(relay(&world, &records[..1]).await, json!({ "batchItemFailures": [] }));
    world.stack.intercept(None);
    assert!(outage.disturbed_calls() > 0);
    assert!(receive_all(&world, &queue(&world, "Payments")).await.is_empty());
}

#[tokio::test]
async fn after_an_outage_nothing_is_missing() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let mut people = Vec::new();
    for seat in 1..=12 {
        people.push(person_with_declined_payment(&world, &id, &[&format!("A-1-{seat}")]).await);
    }
    // Ten go at once. The second send fails, and what is left of its retries.
    world.stack.intercept(Some(Arc::new(Disturb::after("SendMessageBatch", Fault::LoseRequest, 1, 3))));
    world.stack.relay().await.expect("relayed up to the outage");
    assert_eq!(take_and_put_back(&world).await, 10);
    world.stack.intercept(None);
    world.stack.drain_events().await.expect("settled");
    let rich = world.user().await;
    rich.hold(&id, &["A-1-1", "A-1-10", "A-1-11", "A-1-12"]).await.expect(201);
    for (person, reservation) in people {
        assert_eq!(person.get(&format!("/reservations/{reservation}")).await.expect(200).body["state"], "declined");
    }
}

async fn take_and_put_back(world: &World) -> usize {
    let url = queue(world, "Payments");
    let messages = receive_all(world, &url).await;
    for message in &messages {
        super::put(world, &url, message).await;
    }
    messages.len()
}

#[tokio::test]
async fn what_is_no_batch_is_a_failure_as_a_whole() {
    let world = World::releasing().await;
    for event in [json!(null), json!({}), json!({ "Records": "x" }), json!([])] {
        assert!(world.stack.invoke("relay_changes", event.clone()).await.is_err(), "{event}");
    }
    assert_eq!(relay(&world, &[]).await, json!({ "batchItemFailures": [] }));
}

#[tokio::test]
async fn events_carry_ids_and_amounts_and_no_person() {
    let world = World::releasing().await;
    let body = json!({ "email": "mina@example.com", "password": "correct horse battery", "name": "Mina Canary" });
    world.anonymous().post("/users", body).await.expect(201);
    let session = json!({ "email": "mina@example.com", "password": "correct horse battery" });
    let token = world.anonymous().post("/sessions", session).await.expect(200).text("access_token");
    let mut mina = world.anonymous();
    mina.token = Some(token.clone());
    mina.post("/wallet", json!({})).await.expect(201);
    let id = world.schedule_with_seats().await;
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(402);
    world.stack.relay().await.expect("relayed");
    let messages = receive_all(&world, &queue(&world, "Payments")).await.concat();
    assert!(messages.contains(&held));
    for secret in ["mina@example.com", "Canary", "argon2", "battery", token.as_str()] {
        assert!(!messages.contains(secret), "{secret}");
    }
}
