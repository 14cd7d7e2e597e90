//! Queues that are deleted, and made again under their names.

use std::sync::Arc;

use axum::http::Method;
use serde_json::json;

use crate::support::World;
use crate::support::queue::QUEUE;
use crate::support::recorder::Gate;

#[tokio::test]
async fn a_queue_is_deleted_when_nobody_is_in_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = format!("/queues/{QUEUE}");
    world.queue(json!({ "capacity": 1 })).await;
    let mut mina = world.joined_user().await;
    admin.delete(&path).await.expect_problem(409, "queue-in-use");
    world.until_admitted(&mut mina).await;
    admin.delete(&path).await.expect_problem(409, "queue-in-use");
    mina.leave().await.expect(204);
    world.stack.drain_events().await.expect("settled");
    admin.delete(&path).await.expect_problem(409, "queue-in-use");
    // Its claim window ends, too.
    world.wait(91);
    world.tick().await;
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.expect_problem(404, "not-found");
    world.user().await.join().await.expect_problem(404, "not-found");
    // Made anew it goes on behind its last number.
    world.wait(2);
    world.queue(json!({ "capacity": 1 })).await;
    let shown = admin.get(&path).await.expect(200).body;
    assert_eq!((&shown["serving"], &shown["issued"], &shown["active"]), (&json!(1), &json!(1), &json!(0)));
    let mut joon = world.user_with(1_000).await;
    assert_eq!(joon.join().await.expect(201).body["number"], 2);
    world.until_admitted(&mut joon).await;
    world.quiesce().await;
}

#[tokio::test]
async fn a_queue_that_is_over_is_deleted_whoever_waits_and_a_guarded_one_never() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.queue(json!({ "capacity": 1 })).await;
    let mut waiting = world.joined_users(3).await;
    let over = json!({ "capacity": 1, "ends_at": world.at(0).to_string() });
    world.queue(over).await;
    let concert = json!({ "name": "Concert", "description": "", "queue_id": QUEUE });
    let concert = admin.post("/concerts", concert).await.expect(201).text("concert_id");
    admin.delete(&format!("/queues/{QUEUE}")).await.expect_problem(409, "queue-in-use");
    let no_queue = Some(json!({ "queue_id": null }));
    admin.call(Method::PUT, &format!("/concerts/{concert}/queue"), no_queue, None).await.expect(200);
    admin.delete(&format!("/queues/{QUEUE}")).await.expect(204);
    world.wait(2);
    waiting[0].poll().await.expect_problem(404, "not-found");
    // Made anew: those who still wait are called first.
    world.queue(json!({ "capacity": 9, "admit_per_second": 9 })).await;
    world.wait(2);
    let mut last = world.joined_user().await;
    assert_eq!(waiting[1].poll().await.expect(200).body["position"], 1);
    world.until_admitted(&mut waiting[1]).await;
    world.until_admitted(&mut last).await;
    world.quiesce().await;
}

#[tokio::test]
async fn whoever_joins_while_a_queue_is_deleted_keeps_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.queue(json!({})).await;
    let gate = Arc::new(Gate::before("delete_queue", "TransactWriteItems"));
    world.stack.intercept(Some(gate.clone()));
    let deleting = tokio::spawn(async move { admin.delete(&format!("/queues/{QUEUE}")).await });
    gate.reached().await;
    let mina = world.joined_user().await;
    gate.open();
    deleting.await.expect("no panic").expect_problem(409, "queue-in-use");
    world.stack.intercept(None);
    assert_eq!(world.state_of(&mina), "waiting");
    world.quiesce().await;
}

#[tokio::test]
async fn a_concert_that_is_put_behind_a_queue_while_it_is_deleted_keeps_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.queue(json!({})).await;
    let gate = Arc::new(Gate::before("delete_queue", "TransactWriteItems"));
    world.stack.intercept(Some(gate.clone()));
    let deleter = admin.clone();
    let deleting = tokio::spawn(async move { deleter.delete(&format!("/queues/{QUEUE}")).await });
    gate.reached().await;
    let concert = json!({ "name": "Concert", "description": "", "queue_id": QUEUE });
    admin.post("/concerts", concert).await.expect(201);
    gate.open();
    deleting.await.expect("no panic").expect_problem(409, "queue-in-use");
    world.stack.intercept(None);
    assert_eq!(world.check_invariants().await.guarded_concerts(QUEUE), 1);
}
