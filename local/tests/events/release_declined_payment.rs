//! release_declined_payment, from the queue of payments

use std::sync::Arc;

use serde_json::{Value, json};

use super::{batch, person_with_declined_payment, put, queue, receive_all};
use crate::support::World;
use crate::support::recorder::{Disturb, Fault};

/// The events that wait on the queue, taken off it.
async fn events(world: &World) -> Vec<String> {
    world.stack.relay().await.expect("relayed");
    receive_all(world, &queue(world, "Payments")).await
}

async fn release(world: &World, bodies: &[&str]) -> Value {
    world.stack.invoke("release_declined_payment", batch(bodies)).await.expect("an answer")
}

#[tokio::test]
async fn a_declined_payment_gives_seats_and_limit_back_once() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let (poor, held) = person_with_declined_payment(&world, &id, &["A-1-1", "A-1-2", "A-1-3", "A-1-4"]).await;
    poor.hold(&id, &["A-1-5"]).await.expect_problem(409, "seat-limit");
    let events = events(&world).await;
    // The same event twice in one batch.
    assert_eq!(release(&world, &[&events[0], &events[0]]).await, json!({ "batchItemFailures": [] }));
    let again = poor.hold(&id, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    let joon = world.user_with(50_000).await;
    let bought = joon.hold(&id, &["A-1-3"]).await.expect(201).reservation();
    joon.pay(&bought).await.expect(201);
    // And once more, late: what others hold and own by now stays theirs.
    let before = world.dump();
    assert_eq!(release(&world, &[&events[0]]).await, json!({ "batchItemFailures": [] }));
    assert_eq!(world.dump(), before);
    poor.hold(&id, &["A-1-5", "A-1-6", "A-1-7"]).await.expect_problem(409, "seat-limit");
    assert_eq!(poor.get(&format!("/reservations/{held}")).await.expect(200).body["state"], "declined");
    assert_eq!(poor.get(&format!("/reservations/{again}")).await.expect(200).body["state"], "held");
}

#[tokio::test]
async fn after_the_time_of_the_hold_nothing_of_others_is_released() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let (poor, _) = person_with_declined_payment(&world, &id, &["A-1-1", "A-1-2"]).await;
    let events = events(&world).await;
    world.wait(302);
    let joon = world.user().await;
    joon.hold(&id, &["A-1-1"]).await.expect(201);
    assert_eq!(release(&world, &[&events[0]]).await, json!({ "batchItemFailures": [] }));
    let seat = joon.get(&format!("/schedules/{id}/seats/A-1-1")).await.expect(200);
    assert_eq!(seat.body["state"], "held");
    // What was lost to joon does not keep the books open: nothing is left to the sweep.
    let swept = world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(swept["closed"], 0);
    poor.hold(&id, &["A-1-2", "A-1-3", "A-1-4", "A-1-5"]).await.expect(201);
}

#[tokio::test]
async fn garbage_fails_alone() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    person_with_declined_payment(&world, &id, &["A-1-1"]).await;
    person_with_declined_payment(&world, &id, &["A-1-2"]).await;
    let events = events(&world).await;
    let mut unknown: Value = serde_json::from_str(&events[0]).expect("JSON");
    unknown["type"] = json!("payment.eaten");
    let unknown = unknown.to_string();
    let bodies = ["garbage", &events[0], "", &unknown, "{}", &events[1], "null"];
    let failed = release(&world, &bodies).await;
    let names = ["m0", "m2", "m3", "m4", "m6"].map(|name| json!({ "itemIdentifier": name }));
    assert_eq!(failed, json!({ "batchItemFailures": names }));
    world.user().await.hold(&id, &["A-1-1", "A-1-2"]).await.expect(201);
}

#[tokio::test]
async fn an_event_of_nothing_or_of_another_kind_is_done_with() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(50_000).await;
    person_with_declined_payment(&world, &id, &["A-1-1"]).await;
    let of: Value = serde_json::from_str(&events(&world).await[0]).expect("JSON");
    let held = mina.hold(&id, &["A-1-2"]).await.expect(201).reservation();
    let before = world.dump();
    let mut bodies = Vec::new();
    for kind in ["reservation.held", "reservation.expired", "reservation.cancelled", "payment.completed"] {
        let mut event = of.clone();
        event["type"] = json!(kind);
        bodies.push(event.to_string());
    }
    // A decline of a reservation that is live, and of one that never was.
    let mut live = of.clone();
    live["data"]["user_id"] = json!(mina.id.0);
    live["data"]["reservation_id"] = json!(held);
    let mut nobody = of;
    nobody["data"]["reservation_id"] = json!("0193a000-0000-7000-8000-00000000dead");
    bodies.extend([live.to_string(), nobody.to_string()]);
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    assert_eq!(release(&world, &bodies).await, json!({ "batchItemFailures": [] }));
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn what_the_table_refuses_is_delivered_again() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    person_with_declined_payment(&world, &id, &["A-1-1"]).await;
    world.stack.relay().await.expect("relayed");
    world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::Throttle, 1_000))));
    assert_eq!(world.stack.deliver().await.expect("delivered"), 0);
    world.stack.intercept(None);
    let rich = world.user().await;
    rich.hold(&id, &["A-1-1"]).await.expect_problem(409, "seat-taken");
    assert_eq!(world.stack.deliver().await.expect("delivered"), 1);
    rich.hold(&id, &["A-1-1"]).await.expect(201);
}

#[tokio::test]
async fn what_always_fails_ends_in_the_dead_letter_queue_and_harms_no_other() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    put(&world, &queue(&world, "Payments"), "garbage").await;
    person_with_declined_payment(&world, &id, &["A-1-1"]).await;
    world.stack.relay().await.expect("relayed");
    assert_eq!(world.stack.deliver().await.expect("delivered"), 1);
    world.user().await.hold(&id, &["A-1-1"]).await.expect(201);
    for _ in 0..10 {
        world.stack.deliver().await.expect("delivered");
    }
    assert!(receive_all(&world, &queue(&world, "Payments")).await.is_empty());
    assert_eq!(receive_all(&world, &queue(&world, "PaymentsDeadLetter")).await, ["garbage"]);
}
