//! advance_queues, every minute at :00

use std::sync::Arc;

use serde_json::{Value, json};

use super::key;
use crate::support::World;
use crate::support::queue::QUEUE;
use crate::support::recorder::{Disturb, Fault};

async fn run(world: &World) -> Value {
    world.stack.run_schedule("advance_queues").await.expect("advanced")
}

/// Writes an item of the table as no code of ours would.
fn poison(world: &World, item: &Value) {
    let request = json!({ "TableName": world.stack.template().table.name, "Item": item });
    world.stack.dynamodb().call("PutItem", &request).expect("put");
}

/// First and last numbers of the batches that may be claimed.
fn batches(world: &World) -> Vec<(String, String)> {
    let of_part = |part: u8| {
        let pk = format!("QUEUE#{QUEUE}#BATCHES#{part}");
        let request = json!({
            "TableName": world.stack.template().table.name, "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": pk } },
        });
        world.stack.dynamodb().call("Query", &request).expect("read")["Items"].as_array().expect("items").clone()
    };
    let number = |item: &Value, name: &str| item[name]["N"].as_str().expect("a number").to_owned();
    let mut all: Vec<Value> = (0..16).flat_map(of_part).collect();
    all.sort_by_key(|item| item["sk"]["S"].as_str().map(str::to_owned));
    all.iter().map(|item| (number(item, "first"), number(item, "last"))).collect()
}

#[tokio::test]
async fn nothing_to_do_is_done_at_once() {
    let world = World::new().await;
    let nothing = json!({ "ended": 0, "failed": 0, "queues": 0, "queues_failed": 0 });
    assert_eq!(run(&world).await, nothing);
    world.queue(json!({})).await;
    let before = world.dump();
    for _ in 0..3 {
        world.wait(60);
        assert_eq!(run(&world).await["queues"], 1);
    }
    assert_eq!(world.dump(), before, "a queue in which nobody waits is not written");
}

#[tokio::test]
async fn nobody_is_called_before_a_second_has_passed_nor_more_than_the_rate() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 200, "admit_per_second": 60 })).await;
    world.joined_users(150).await;
    let mut served = Vec::new();
    for millisecond in [999, 1, 500, 499, 1, 1_000, 1_000, 1_000] {
        world.clock.advance(jiff::SignedDuration::from_millis(millisecond));
        for _ in 0..2 {
            run(&world).await;
        }
        served.push(world.check_invariants().await.serving(QUEUE));
    }
    assert_eq!(served, [0, 0, 0, 0, 60, 120, 150, 150]);
    let of = |first: u32, last: u32| (first.to_string(), last.to_string());
    let expected =
        [of(1, 25), of(26, 50), of(51, 60), of(61, 75), of(76, 100), of(101, 120), of(121, 125), of(126, 150)];
    assert_eq!(batches(&world), expected);
    assert_eq!(world.drain_and_check().await.unclaimed_numbers(QUEUE), 150);
    // The window, and as much as clocks may differ.
    world.wait(90);
    run(&world).await;
    assert_eq!(batches(&world), [], "what nobody claimed is over");
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 0);
}

#[tokio::test]
async fn with_nobody_polling_a_minute_gives_a_minutes_worth_and_no_more() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1_000, "admit_per_second": 1 })).await;
    world.joined_users(130).await;
    world.wait(60);
    run(&world).await;
    for (minutes, serving) in [(1, 60), (60, 120)] {
        world.wait(60 * minutes);
        run(&world).await;
        assert_eq!(world.check_invariants().await.serving(QUEUE), serving);
    }
}

#[tokio::test]
async fn a_poll_after_a_long_silence_gives_two_seconds_worth() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1_000, "admit_per_second": 5 })).await;
    let mut crowd = world.joined_users(60).await;
    crowd[59].poll().await.expect(200);
    // How fast the clock of one instance runs, it brings in no crowd; what it may not use at once is left for the next.
    for (seconds, position) in [(60, 60), (60, 50), (300, 40), (1, 30)] {
        world.wait(seconds);
        assert_eq!(crowd[59].poll().await.expect(200).body["position"], position);
    }
}

#[tokio::test]
async fn it_ends_admissions_and_their_places_come_back_a_minute_later() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    world.put_queue("autumn", json!({})).await;
    let mina = world.admitted_user().await;
    let joon = world.joined_user().await;
    world.tick().await;
    // Neither polls, and nobody sweeps for an hour.
    world.wait(3_600);
    let mut joon = world.with_fresh_access_token(&joon).await;
    assert_eq!(run(&world).await, json!({ "ended": 1, "failed": 0, "queues": 2, "queues_failed": 0 }));
    assert_eq!(world.state_of(&mina), "expired");
    assert_eq!(joon.poll().await.expect(200).body["state"], "waiting");
    assert_eq!(run(&world).await["ended"], 0, "it ends once");
    world.stack.drain_events().await.expect("settled");
    world.wait(60);
    run(&world).await;
    assert_eq!(joon.poll().await.expect(200).body["state"], "admitted");
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 1);
}

#[tokio::test]
async fn an_admission_lasts_to_its_second() {
    let world = World::new().await;
    world.queue(json!({ "active_minutes": 1 })).await;
    let mina = world.admitted_user().await;
    for seconds in [59, 1] {
        world.wait(seconds);
        assert_eq!(run(&world).await["ended"], 0);
        assert_eq!(world.state_of(&mina), "admitted");
    }
    world.wait(1);
    assert_eq!(run(&world).await["ended"], 1);
    assert_eq!(world.state_of(&mina), "expired");
}

#[tokio::test]
async fn more_admissions_than_a_page_end_in_one_run() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 90, "admit_per_second": 90 })).await;
    let mut crowd = world.joined_users(90).await;
    world.ticks(2).await;
    for person in &mut crowd {
        assert_eq!(person.poll().await.expect(200).body["state"], "admitted");
    }
    assert_eq!(world.drain_and_check().await.admitted_now(QUEUE), 90);
    world.wait(700);
    assert_eq!(run(&world).await["ended"], 90);
    world.quiesce().await;
}

#[tokio::test]
async fn one_that_cannot_be_read_keeps_no_other() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let mut mina = world.joined_user().await;
    for (id, time) in [("broken", "1"), ("Malformed", "2")] {
        let mut item = key(id, "QUEUE");
        item["owner"] = json!({ "S": "QUEUE" });
        item["created_at"] = json!({ "N": time });
        poison(&world, &item);
    }
    let stranger = "0193a000-0000-7000-8000-00000000dead";
    let mut item = json!({ "pk": { "S": format!("USER#{stranger}") }, "sk": { "S": "TOKEN#spring" } });
    for (name, value) in [("expiry_shard", json!({ "S": "token#0" })), ("expires_at", json!({ "N": "1" }))] {
        item[name] = value;
    }
    poison(&world, &item);
    for _ in 0..2 {
        world.wait(1);
        assert_eq!(run(&world).await, json!({ "ended": 0, "failed": 1, "queues": 2, "queues_failed": 1 }));
    }
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    world.wait(601);
    assert_eq!(run(&world).await, json!({ "ended": 1, "failed": 1, "queues": 2, "queues_failed": 1 }));
}

#[tokio::test]
async fn everybody_in_a_closed_queue_is_let_in() {
    let world = World::new().await;
    let closes = world.at(1).to_string();
    world.queue(json!({ "capacity": 3, "admit_per_second": 3, "closes_at": closes })).await;
    let mut crowd = world.joined_users(3).await;
    world.ticks(2).await;
    for person in &mut crowd {
        assert_eq!(person.poll().await.expect(200).body["state"], "admitted");
    }
}

#[tokio::test]
async fn a_place_is_taken_by_one_after_the_other_in_order() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 2, "admit_per_second": 50 })).await;
    let mut crowd = world.joined_users(8).await;
    let mut order = Vec::new();
    world.tick().await;
    for _ in 0..4 {
        world.tick().await;
        let mut inside = Vec::new();
        for (index, person) in crowd.iter_mut().enumerate() {
            let told = person.poll().await.expect(200);
            if told.body["state"] == "admitted" && !order.contains(&index) {
                inside.push(index);
            }
        }
        assert_eq!(world.drain_and_check().await.admitted_now(QUEUE), 2);
        for index in inside {
            crowd[index].leave().await.expect(204);
            order.push(index);
        }
        world.stack.drain_events().await.expect("settled");
    }
    assert_eq!(order, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn a_poll_that_cannot_move_its_queue_tells_the_place_all_the_same() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 20 })).await;
    let mut crowd = world.joined_users(20).await;
    world.wait(1);
    let mut last = crowd.remove(19);
    last.poll().await.expect(200);
    // The turn is a write of one item, the move a transaction.
    for operation in ["UpdateItem", "TransactWriteItems"] {
        for fault in [Fault::Throttle, Fault::Conflict, Fault::LoseRequest, Fault::LoseAnswer] {
            world.wait(2);
            let disturb = Arc::new(Disturb::next(operation, fault, 1_000));
            world.stack.intercept(Some(disturb.clone()));
            let told = last.poll().await.expect(200);
            world.stack.intercept(None);
            assert_ne!(disturb.disturbed_calls(), 0, "{operation} {fault:?}");
            let place = (&told.body["state"], &told.body["number"]);
            assert_eq!(place, (&json!("waiting"), &json!(20)), "{operation} {fault:?}");
        }
    }
    world.check_invariants().await;
    world.until_admitted(&mut last).await;
    world.quiesce().await;
}
