//! PUT /queues/{queue_id}

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::queue::{QUEUE, public};
use crate::support::{Person, Reply, World};

async fn put(admin: &Person, queue: &str, body: Value) -> Reply {
    admin.call(Method::PUT, &format!("/queues/{queue}"), Some(body), None).await
}

fn settings() -> Value {
    json!({ "capacity": 2, "admit_per_second": 1, "active_minutes": 10 })
}

/// Settings with one field changed.
fn with(field: &str, value: Value) -> Value {
    let mut body = settings();
    body[field] = value;
    body
}

#[tokio::test]
async fn a_queue_is_made_once_and_changed_afterwards() {
    let world = World::new().await;
    let admin = world.admin().await;
    let made = put(&admin, QUEUE, settings()).await.expect(201);
    let shown = json!({
        "queue_id": "spring", "state": "open", "capacity": 2, "admit_per_second": 1, "paused": false,
        "active_minutes": 10, "claim_seconds": 120, "opens_at": null, "closes_at": null, "ends_at": null,
        "message": null, "seats_available": null, "seats_held": null, "serving": 0, "issued": 0, "active": 0,
    });
    assert_eq!(made.body, shown);
    assert_eq!(put(&admin, QUEUE, settings()).await.expect(200).body, shown);
    assert_eq!(public(&world).await, shown);
    let other = json!({
        "capacity": 1_000_000, "admit_per_second": 1_000, "active_minutes": 240, "claim_seconds": 600,
        "opens_at": "2026-11-21T12:00:00Z", "closes_at": "2026-11-21T12:00:00.001Z", "paused": true,
        "ends_at": "2026-11-21T13:00:00Z", "message": "The band is late.\nDoors open at 20:30.",
    });
    let mut expected = other.clone();
    for (name, value) in [("queue_id", "spring"), ("state", "paused")] {
        expected[name] = json!(value);
    }
    for counter in ["serving", "issued", "active"] {
        expected[counter] = json!(0);
    }
    for unknown in ["seats_available", "seats_held"] {
        expected[unknown] = Value::Null;
    }
    assert_eq!(put(&admin, QUEUE, other).await.expect(200).body, expected);
    world.wait(1);
    assert_eq!(public(&world).await, expected);
    // What is not given is not kept from before.
    assert_eq!(put(&admin, QUEUE, settings()).await.expect(200).body, shown);
    let least = json!({
        "capacity": 0, "admit_per_second": 0, "active_minutes": 1, "claim_seconds": 60, "message": "",
    });
    let least = put(&admin, "another", least).await.expect(201);
    assert_eq!((&least.body["state"], &least.body["message"]), (&json!("paused"), &Value::Null));
}

#[tokio::test]
async fn what_cannot_be_settings_is_refused_by_field() {
    let world = World::new().await;
    let admin = world.admin().await;
    let before = world.dump();
    for (field, values) in [
        ("capacity", json!([1_000_001, -1, 4_294_967_296_u64, 1.5, "2", null])),
        ("admit_per_second", json!([1_001, -1, 1e30, null])),
        ("paused", json!(["true", 1, null])),
        ("active_minutes", json!([0, 241, -1])),
        ("claim_seconds", json!([0, 59, 601, -60])),
        ("opens_at", json!(["1999-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "tomorrow", 7])),
        ("closes_at", json!(["1999-12-31T23:59:59Z", "2101-01-01T00:00:00Z", ""])),
        ("ends_at", json!(["1999-12-31T23:59:59Z", "2101-01-01T00:00:00Z", ""])),
        ("message", json!(["a".repeat(281), "a\u{0}b", 7])),
    ] {
        for value in values.as_array().expect("values") {
            put(&admin, QUEUE, with(field, value.clone())).await.expect_invalid(field);
        }
    }
    for end in ["closes_at", "ends_at"] {
        let mut empty = with("opens_at", json!("2026-11-21T12:00:00Z"));
        empty[end] = json!("2026-11-21T12:00:00Z");
        put(&admin, QUEUE, empty).await.expect_invalid(end);
    }
    put(&admin, QUEUE, with("serving", json!(7))).await.expect_problem(400, "invalid-request");
    for id in ["Spring", "a_b", "a.b", "%EB%B4%84", "a%23b", &"a".repeat(65)] {
        put(&admin, id, settings()).await.expect_invalid("queue_id");
    }
    assert_eq!(world.dump(), before);
    put(&admin, &"a".repeat(64), settings()).await.expect(201);
}

#[tokio::test]
async fn only_administrators_make_queues() {
    let world = World::new().await;
    put(&world.user().await, QUEUE, settings()).await.expect_problem(403, "forbidden");
    put(&world.anonymous(), QUEUE, settings()).await.expect(401);
    world.anonymous().get(&format!("/queues/{QUEUE}")).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn whoever_is_in_a_queue_stays_in_it_when_it_changes() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let mut crowd = world.joined_users(3).await;
    world.ticks(2).await;
    assert_eq!(crowd[0].poll().await.expect(200).body["state"], "admitted");
    let changed = put(&world.admin().await, QUEUE, with("active_minutes", json!(20))).await.expect(200);
    assert_eq!(changed.body["serving"], 1);
    assert_eq!(changed.body["issued"], 3);
    assert_eq!(changed.body["active"], 1);
    assert_eq!(crowd[2].join().await.expect(200).body["number"], 3);
    let before = crowd[0].poll().await.expect(200).text("expires_at");
    // Who is inside has the time that was promised; who comes in now has the new one.
    world.tick().await;
    assert_eq!(crowd[0].poll().await.expect(200).text("expires_at"), before);
    let next = crowd[1].poll().await.expect(200);
    assert_eq!(next.body["state"], "admitted");
    assert_eq!(next.text("expires_at"), "2026-11-21T10:20:03Z");
    world.drain_and_check().await;
}

#[tokio::test]
async fn a_capacity_below_those_inside_throws_nobody_out_and_lets_nobody_in() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 4, "admit_per_second": 10 })).await;
    let mut crowd = world.joined_users(8).await;
    world.ticks(2).await;
    for person in &mut crowd[..4] {
        assert_eq!(person.poll().await.expect(200).body["state"], "admitted");
    }
    world.queue(json!({ "capacity": 2, "admit_per_second": 10 })).await;
    world.ticks(3).await;
    for person in &mut crowd[..4] {
        assert_eq!(person.poll().await.expect(200).body["state"], "admitted");
    }
    let public_now = public(&world).await;
    assert_eq!((&public_now["serving"], &public_now["active"]), (&json!(4), &json!(4)));
    for (leaving, (serving, inside)) in [(0, (4, 3)), (1, (4, 2)), (2, (5, 2)), (3, (6, 2))] {
        crowd[leaving].leave().await.expect(204);
        world.stack.drain_events().await.expect("settled");
        world.ticks(2).await;
        let books = world.drain_and_check().await;
        assert_eq!((books.serving(QUEUE), books.places_in_use(QUEUE)), (serving, inside), "after {leaving}");
    }
    assert_eq!(crowd[5].poll().await.expect(200).body["state"], "admitted");
    assert_eq!(crowd[6].poll().await.expect(200).body["position"], 1);
    // And raised again, it fills at once.
    world.queue(json!({ "capacity": 4, "admit_per_second": 10 })).await;
    world.tick().await;
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 4);
}

#[tokio::test]
async fn a_rate_counts_from_its_change_on() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 100 })).await;
    let mut crowd = world.joined_users(20).await;
    let mut served = Vec::new();
    for (rate, seconds) in [(1, 3), (5, 2), (2, 1), (3, 1)] {
        world.queue(json!({ "capacity": 100, "admit_per_second": rate })).await;
        world.ticks(seconds).await;
        served.push(world.check_invariants().await.serving(QUEUE));
    }
    // The first second only sees who is there.
    assert_eq!(served, [2, 12, 14, 17]);
    world.queue(json!({ "capacity": 100, "admit_per_second": 1 })).await;
    world.wait(1);
    // Whatever was measured before, it is no faster than it may be.
    let last = crowd[19].poll().await.expect(200).body;
    assert_eq!((&last["position"], &last["eta_seconds"]), (&json!(2), &json!(2)), "{last}");
}
