//! free_queue_places, from the queue of tokens

use std::sync::Arc;

use serde_json::{Value, json};

use super::finished_numbers;
use crate::events::{batch, put, queue, receive_all};
use crate::support::queue::QUEUE;
use crate::support::recorder::{Disturb, Fault};
use crate::support::{Person, World};

/// The events that wait on the queue, taken off it.
async fn events(world: &World) -> Vec<String> {
    world.stack.relay().await.expect("relayed");
    receive_all(world, &queue(world, "Tokens")).await
}

async fn finish(world: &World, bodies: &[&str]) -> Value {
    world.stack.invoke("free_queue_places", batch(bodies)).await.expect("an answer")
}

/// That many who were admitted and have left, and the events of it.
async fn events_of_leavers(world: &World, count: usize) -> Vec<String> {
    let mut crowd = world.joined_users(count).await;
    world.ticks(2).await;
    for person in &mut crowd {
        assert_eq!(person.poll().await.expect(200).body["state"], "admitted");
        person.leave().await.expect(204);
    }
    events(world).await
}

#[tokio::test]
async fn an_end_is_told_with_the_facts_and_no_secrets() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({})).await;
    let mina = world.admitted_user().await;
    let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    let told = events(&world).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let mut event: Value = serde_json::from_str(&told[0]).expect("JSON");
    assert!(event["time"].take().is_string());
    let expected = json!({
        "id": format!("{}/TOKEN#spring/1", mina.id), "type": "token.finished", "time": null,
        "specversion": "1.0", "source": "/onsale",
        "data": { "user_id": mina.id.0, "queue_id": "spring", "number": 1, "state": "used" },
    });
    assert_eq!(event, expected);
}

#[tokio::test]
async fn every_end_of_an_admission_is_told_once_and_no_other_end() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 9, "admit_per_second": 9 })).await;
    let (used, left) = (world.admitted_user().await, world.admitted_user().await);
    let (expired, lapsed) = (world.admitted_user().await, world.admitted_user().await);
    let waiting = world.joined_user().await;
    waiting.leave().await.expect(204);
    let mut missed = world.joined_user().await;
    let one = used.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    let two = used.hold(&hall, &["A-1-2"]).await.expect(201).reservation();
    for held in [one, two] {
        used.pay(&held).await.expect(201);
    }
    left.leave().await.expect(204);
    world.wait(100);
    world.ticks(2).await;
    world.wait(91);
    world.miss_second_call(&mut missed).await;
    assert_eq!(world.state_of(&missed), "expired");
    world.wait(317);
    // One is ended by joining again, the other by the sweep.
    world.with_fresh_access_token(&lapsed).await.join().await.expect(201);
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    let mut ends: Vec<String> = events(&world)
        .await
        .iter()
        .map(|event| serde_json::from_str::<Value>(event).expect("JSON"))
        .map(|event| format!("{} {}", event["data"]["user_id"], event["data"]["state"]))
        .collect();
    ends.sort();
    // A second payment touches the token once more: the same event again.
    ends.dedup();
    let told = |person: &Person, state: &str| format!("{} {}", json!(person.id.0), json!(state));
    let mut expected = [told(&used, "used"), told(&left, "left"), told(&expired, "expired"), told(&lapsed, "expired")];
    expected.sort();
    assert_eq!(ends, expected);
}

#[tokio::test]
async fn a_place_is_freed_once_however_often_and_late_and_out_of_order_it_is_told() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5, "admit_per_second": 5 })).await;
    let told = events_of_leavers(&world, 5).await;
    let [one, two, three, four, five] = [0, 1, 2, 3, 4].map(|index: usize| told[index].as_str());
    let done = json!({ "batchItemFailures": [] });
    assert_eq!(finished_numbers(&world).await, 0);
    for (bodies, count) in [
        (&[five, five, five][..], 1),
        (&[five], 1),
        (&[three, five, one], 3),
        (&[one, two], 4),
        (&[five, four, three, two, one], 5),
        (&[two], 5),
    ] {
        assert_eq!(finish(&world, bodies).await, done);
        assert_eq!(finished_numbers(&world).await, count);
    }
    // A month less a day later it is known still, and the places are long given on.
    world.wait(29 * 86_400);
    let before = world.dump();
    assert_eq!(finish(&world, &[one, five]).await, done);
    assert_eq!(world.dump(), before);
    world.quiesce().await;
}

#[tokio::test]
async fn the_same_person_may_end_many_times() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1, "admit_per_second": 5 })).await;
    let mut mina = world.user().await;
    for round in 1..=4 {
        mina.join().await.expect(201);
        world.until_admitted(&mut mina).await;
        mina.leave().await.expect(204);
        world.stack.drain_events().await.expect("settled");
        assert_eq!(finished_numbers(&world).await, round);
        // So soon after she gave a place up she gets no other.
        mina.join().await.expect_problem(429, "too-many-attempts");
        world.wait(61);
    }
    world.quiesce().await;
}

#[tokio::test]
async fn more_ends_than_one_transaction_takes_are_counted_together() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 200, "admit_per_second": 200 })).await;
    let told = events_of_leavers(&world, 120).await;
    let bodies: Vec<&str> = told.iter().map(String::as_str).collect();
    assert_eq!(finish(&world, &bodies).await, json!({ "batchItemFailures": [] }));
    assert_eq!(finished_numbers(&world).await, 120);
    world.quiesce().await;
}

#[tokio::test]
async fn what_is_no_end_of_ours_fails_alone() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5, "admit_per_second": 5 })).await;
    world.put_queue("autumn", json!({})).await;
    let told = events_of_leavers(&world, 3).await;
    let with = |field: &str, value: Value| {
        let mut event: Value = serde_json::from_str(&told[0]).expect("JSON");
        event["data"][field] = value;
        event["id"] = json!(format!("another/{field}"));
        event.to_string()
    };
    let (nowhere, malformed) = (with("queue_id", json!("winter")), with("queue_id", json!("Spring")));
    let number = with("number", json!("one"));
    let bodies = [&nowhere, told[0].as_str(), "garbage", &malformed, &told[1], "", &number, "{}", &told[2]];
    let failed = finish(&world, &bodies).await;
    let mut names: Vec<&str> = failed["batchItemFailures"]
        .as_array()
        .expect("failures")
        .iter()
        .filter_map(|failure| failure["itemIdentifier"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["m0", "m2", "m3", "m5", "m6", "m7"]);
    assert_eq!(finished_numbers(&world).await, 3);
    assert_eq!(world.check_invariants().await.places_in_use("autumn"), 0);
}

#[tokio::test]
async fn what_tells_something_else_is_done_with() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5, "admit_per_second": 5 })).await;
    let told = events_of_leavers(&world, 1).await;
    let before = world.dump();
    let mut bodies = Vec::new();
    for kind in ["reservation.held", "reservation.expired", "payment.completed", "payment.declined"] {
        let mut event: Value = serde_json::from_str(&told[0]).expect("JSON");
        event["type"] = json!(kind);
        bodies.push(event.to_string());
    }
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    assert_eq!(finish(&world, &bodies).await, json!({ "batchItemFailures": [] }));
    assert_eq!(world.dump(), before);
    assert_eq!(finish(&world, &[]).await, json!({ "batchItemFailures": [] }));
}

#[tokio::test]
async fn what_the_table_refuses_is_delivered_again() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    let mina = world.admitted_user().await;
    mina.leave().await.expect(204);
    world.stack.relay().await.expect("relayed");
    world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::Throttle, 1_000))));
    assert_eq!(world.stack.deliver().await.expect("delivered"), 0);
    world.stack.intercept(None);
    assert_eq!(finished_numbers(&world).await, 0);
    assert_eq!(world.stack.deliver().await.expect("delivered"), 1);
    assert_eq!(finished_numbers(&world).await, 1);
}

#[tokio::test]
async fn what_always_fails_ends_in_the_dead_letter_queue_and_keeps_no_place() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    let mina = world.admitted_user().await;
    put(&world, &queue(&world, "Tokens"), "garbage").await;
    mina.leave().await.expect(204);
    world.stack.relay().await.expect("relayed");
    for _ in 0..60 {
        world.stack.deliver().await.expect("delivered");
    }
    assert!(receive_all(&world, &queue(&world, "Tokens")).await.is_empty());
    assert_eq!(receive_all(&world, &queue(&world, "TokensDeadLetter")).await, ["garbage"]);
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 0);
}
