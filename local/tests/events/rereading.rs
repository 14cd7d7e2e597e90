//! The stream read again, broken records, and a relay that dies: what was committed is told, and told once.

use std::collections::BTreeSet;
use std::sync::Arc;

use local::intercept::{Before, Call, Intercept};
use serde_json::{Value, json};

use super::relay_changes::{put_item, records, relay, sequence};
use super::{person_with_declined_payment, queue, receive_all, redrive};
use crate::support::World;
use crate::support::recorder::{Disturb, Fault};

const NOTHING_FAILED: &str = r#"{"batchItemFailures":[]}"#;
const QUEUES: [&str; 4] = ["Payments", "Sales", "Tokens", "DataPlatform"];

/// All events that wait, taken off their queues.
async fn waiting(world: &World) -> Vec<String> {
    let mut bodies = Vec::new();
    for name in QUEUES {
        bodies.extend(receive_all(world, &queue(world, name)).await);
    }
    bodies
}

#[tokio::test]
async fn the_stream_read_again_from_its_start_has_no_second_effect() {
    let (world, listening) = World::with_receiver().await;
    redrive::relay_events_to_each_consumer(&world).await;
    world.stack.drain_events().await.expect("settled");
    let (before, events) = (world.dump(), listening.events());
    let records = records(&world);
    for _ in 0..2 {
        for batch in records.chunks(7) {
            assert_eq!(relay(&world, batch).await.to_string(), NOTHING_FAILED);
        }
        // The other way round as well: what came last comes first.
        let backwards: Vec<Value> = records.iter().rev().cloned().collect();
        assert_eq!(relay(&world, &backwards).await.to_string(), NOTHING_FAILED);
        world.stack.drain_events().await.expect("settled");
    }
    assert_eq!(world.dump(), before);
    assert_eq!(listening.events(), events);
    assert!(listening.buyer_events().iter().all(|received| received.times == 5), "each came again, with the same id");
}

#[tokio::test]
async fn events_do_not_need_old_images() {
    let (world, _listening) = World::with_receiver().await;
    redrive::relay_events_to_each_consumer(&world).await;
    waiting(&world).await;
    let mut records = records(&world);
    relay(&world, &records).await;
    let with = waiting(&world).await;
    assert!(records.iter().any(|record| record["dynamodb"]["OldImage"].is_object()));
    for record in &mut records {
        record["dynamodb"].as_object_mut().expect("a change").remove("OldImage");
    }
    assert_eq!(relay(&world, &records).await.to_string(), NOTHING_FAILED);
    assert_eq!(waiting(&world).await, with);
}

#[tokio::test]
async fn a_relay_that_sent_and_never_said_so_changes_nothing() {
    let (world, listening) = World::with_receiver().await;
    redrive::relay_events_to_each_consumer(&world).await;
    world.stack.drain_events().await.expect("settled");
    let (before, events) = (world.dump(), listening.events());
    let records = records(&world);
    // Sent, and all answers lost, so the batch is handed over again from its first event on.
    let lost = Arc::new(Disturb::next("SendMessageBatch", Fault::LoseAnswer, 1_000));
    world.stack.intercept(Some(lost.clone()));
    let failed = relay(&world, &records).await;
    let first = json!({ "batchItemFailures": [{ "itemIdentifier": sequence(&records[0]) }] });
    assert_eq!((failed, lost.disturbed_calls() > 0), (first, true));
    world.stack.intercept(None);
    // And sent, answered by the queue, and then dead before its own answer: the same batch twice.
    for _ in 0..2 {
        assert_eq!(relay(&world, &records).await.to_string(), NOTHING_FAILED);
    }
    world.stack.drain_events().await.expect("settled");
    assert_eq!(world.dump(), before);
    assert_eq!(listening.events(), events);
}

/// Ends the process of `relay_changes` whenever it sends this.
struct Deadly(String);

impl Intercept for Deadly {
    fn before(&self, call: &Call<'_>) -> Before {
        let sends = call.function == Some("relay_changes") && call.request.to_string().contains(&self.0);
        assert!(!sends, "as planned: the process dies of this record");
        Before::Proceed
    }
}

#[tokio::test]
async fn a_record_that_breaks_the_function_is_found_given_up_in_time_and_named() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let mut held = Vec::new();
    for seat in 1..=9 {
        held.push(person_with_declined_payment(&world, &id, &[&format!("A-1-{seat}")]).await.1);
    }
    world.stack.intercept(Some(Arc::new(Deadly(held[6].clone()))));
    let told = async || -> BTreeSet<String> {
        let bodies = receive_all(&world, &queue(&world, "Payments")).await;
        let reservation = |body: &String| -> Value { serde_json::from_str::<Value>(body).expect("JSON") };
        bodies
            .iter()
            .map(|body| reservation(body)["data"]["reservation_id"].as_str().expect("an id").to_owned())
            .collect()
    };
    for _ in 0..3 {
        world.stack.relay().await.expect("relayed");
    }
    // Halved and halved: all before it went on, though they came in one batch. What is behind waits for its turn.
    assert_eq!(told().await, held[..6].iter().cloned().collect());
    world.wait(82_799);
    world.stack.relay().await.expect("relayed");
    assert!(told().await.is_empty() && receive_all(&world, &queue(&world, "Parked")).await.is_empty());
    world.wait(1);
    world.stack.relay().await.expect("relayed");
    assert_eq!(told().await, held[7..].iter().cloned().collect());
    let parked = receive_all(&world, &queue(&world, "Parked")).await;
    assert_eq!(parked.len(), 1);
    let parked: Value = serde_json::from_str(&parked[0]).expect("JSON");
    let place = parked["DDBStreamBatchInfo"]["startSequenceNumber"].as_str().expect("a place");
    // Mended, and handed over by hand: found by its place, as long as the stream has it.
    world.stack.intercept(None);
    let records = records(&world);
    let record = records.iter().find(|record| sequence(record) == place).expect("it is in the stream");
    relay(&world, std::slice::from_ref(record)).await;
    assert_eq!(told().await, BTreeSet::from([held[6].clone()]));
}

#[tokio::test]
async fn a_parked_record_gets_in_again_once_it_can_be_read() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let (_, held) = person_with_declined_payment(&world, &id, &["A-1-1"]).await;
    let mut record = records(&world).pop().expect("the decline");
    record["dynamodb"]["NewImage"]["change"] = json!({ "S": "payment.of_the_future" });
    assert_eq!(relay(&world, std::slice::from_ref(&record)).await.to_string(), NOTHING_FAILED);
    let parked = receive_all(&world, &queue(&world, "Parked")).await;
    let mut letter: Value = serde_json::from_str(&parked[0]).expect("JSON");
    assert_eq!((&letter["problem"], &letter["record"]), (&json!("an unknown change"), &record));
    // Here the record is mended; in life it may as well be the code.
    letter["record"]["dynamodb"]["NewImage"]["change"] = json!({ "S": "payment.declined" });
    let event = json!({ "Records": [letter["record"].take()] });
    assert_eq!(world.stack.invoke("relay_changes", event).await.expect("an answer").to_string(), NOTHING_FAILED);
    world.stack.drain_events().await.expect("settled");
    let poor = world.user().await;
    poor.hold(&id, &["A-1-1"]).await.expect(201);
    assert!(world.dump().iter().any(|item| item.contains(&held) && item.contains("declined")));
}

#[tokio::test]
async fn a_record_that_no_message_holds_is_parked_by_its_keys() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    for bytes in [100_000, 390_000] {
        // Twice: the second time it has an old image as well.
        for text in ["a", "b"] {
            let poison = json!({
                "pk": { "S": "USER#x" }, "sk": { "S": "RSV#x" }, "change": { "S": "reservation.eaten" },
                "ballast": { "S": text.repeat(bytes) },
            });
            put_item(&world, poison);
        }
    }
    person_with_declined_payment(&world, &id, &["A-1-1"]).await;
    world.stack.drain_events().await.expect("settled");
    let parked = receive_all(&world, &queue(&world, "Parked")).await;
    let images: Vec<(bool, bool)> = parked
        .iter()
        .map(|letter| {
            assert!(letter.len() <= 256 * 1024);
            let letter: Value = serde_json::from_str(letter).expect("JSON");
            let change = &letter["record"]["dynamodb"];
            assert_eq!(change["Keys"]["sk"]["S"], "RSV#x");
            assert!(change["SequenceNumber"].is_string());
            (change["OldImage"].is_object(), change["NewImage"].is_object())
        })
        .collect();
    let expected = [(false, true), (true, true), (false, false), (false, false)];
    assert_eq!(images, expected, "as much as fits");
    world.user().await.hold(&id, &["A-1-1"]).await.expect(201);
}
