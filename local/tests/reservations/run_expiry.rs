//! run_expiry, every minute

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::recorder::{Disturb, Fault};
use crate::support::{World, concurrently};

async fn sweep(world: &World) -> Value {
    world.stack.run_schedule("run_expiry").await.expect("swept")
}

fn closed_count(swept: &Value) -> u64 {
    assert_eq!(swept["failed"], 0);
    swept["closed"].as_u64().expect("a number")
}

#[tokio::test]
async fn exactly_what_has_lapsed_is_closed() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(200_000).await;
    let lapsing = mina.hold(&id, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    let paid = mina.hold(&id, &["A-1-3"]).await.expect(201).reservation();
    mina.pay(&paid).await.expect(201);
    world.wait(100);
    let live = mina.hold(&id, &["A-1-4"]).await.expect(201).reservation();
    let before = world.dump();
    world.wait(200);
    // The last second in which it may be paid.
    assert_eq!(sweep(&world).await, json!({ "closed": 0, "failed": 0, "deletions": 0 }));
    assert_eq!(world.dump(), before);
    world.wait(1);
    assert_eq!(sweep(&world).await, json!({ "closed": 1, "failed": 0, "deletions": 0 }));
    let state = async |id: &str| mina.get(&format!("/reservations/{id}")).await.expect(200).text("state");
    assert_eq!([state(&lapsing).await, state(&paid).await, state(&live).await], ["expired", "paid", "held"]);
    assert_eq!(closed_count(&sweep(&world).await), 0);
    // Two seats of the limit are free again, no more and no fewer.
    mina.hold(&id, &["A-1-1", "A-1-2"]).await.expect(201);
    mina.hold(&id, &["A-1-5"]).await.expect_problem(409, "seat-limit");
}

#[tokio::test]
async fn a_seat_taken_over_stays_with_its_new_holder() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user_with(50_000).await);
    mina.hold(&id, &["A-1-1"]).await.expect(201);
    world.wait(302);
    let held = joon.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    assert_eq!(closed_count(&sweep(&world).await), 1);
    let seat = joon.get(&format!("/schedules/{id}/seats/A-1-1")).await.expect(200);
    assert_eq!(seat.body["state"], "held");
    joon.pay(&held).await.expect(201);
}

#[tokio::test]
async fn many_runs_at_once_close_each_hold_once() {
    let world = Arc::new(World::new().await);
    let id = world.schedule_with_seats().await;
    let people = world.users_with(10, 0).await;
    for number in 0..40 {
        people[number / 4].hold(&id, &[&format!("A-1-{}", number + 1)]).await.expect(201);
    }
    world.wait(302);
    let runs = concurrently(0..6, |_| {
        let world = Arc::clone(&world);
        async move { sweep(&world).await }
    })
    .await;
    assert_eq!(runs.iter().map(closed_count).sum::<u64>(), 40);
    // Each has the whole limit again, and no more.
    for (number, person) in people.iter().enumerate() {
        let seats: Vec<String> = (0..4).map(|seat| format!("A-1-{}", number * 4 + seat + 1)).collect();
        let seats: Vec<&str> = seats.iter().map(String::as_str).collect();
        person.hold(&id, &seats).await.expect(201);
        person.hold(&id, &["A-1-50"]).await.expect_problem(409, "seat-limit");
    }
}

#[tokio::test]
async fn one_run_closes_more_than_a_page() {
    let world = World::new().await;
    let id = world.schedule_with(json!({ "max_seats_per_user": 50 })).await;
    let rows = json!([{ "row": "1", "from": 1, "to": 550 }]);
    world.admin().await.post(&format!("/schedules/{id}/seats"), json!({ "rows": rows })).await.expect(201);
    // 550 holds in 16 partitions of the index are more than 25 in at least one of them.
    for person in 0..11 {
        let user = world.user().await;
        for number in 1..=50 {
            user.hold(&id, &[&format!("A-1-{}", person * 50 + number)]).await.expect(201);
        }
    }
    world.wait(302);
    assert_eq!(closed_count(&sweep(&world).await), 550);
    assert_eq!(closed_count(&sweep(&world).await), 0);
}

#[tokio::test]
async fn a_declined_hold_whose_event_is_lost_is_closed_too() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let poor = world.user_with(0).await;
    let held = poor.hold(&id, &["A-1-1", "A-1-2", "A-1-3", "A-1-4"]).await.expect(201).reservation();
    poor.pay(&held).await.expect(402);
    poor.hold(&id, &["A-1-5"]).await.expect_problem(409, "seat-limit");
    world.wait(302);
    assert_eq!(closed_count(&sweep(&world).await), 1);
    poor.hold(&id, &["A-1-1", "A-1-2", "A-1-3", "A-1-4"]).await.expect(201);
    assert_eq!(poor.get(&format!("/reservations/{held}")).await.expect(200).body["state"], "declined");
}

#[tokio::test]
async fn what_cannot_be_closed_is_left_to_the_next_run() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    world.user().await.hold(&id, &["A-1-1"]).await.expect(201);
    world.wait(302);
    let throttled = Arc::new(Disturb::next("UpdateItem", Fault::Throttle, 1_000));
    world.stack.intercept(Some(throttled.clone()));
    assert_eq!(sweep(&world).await, json!({ "closed": 0, "failed": 1, "deletions": 0 }));
    world.stack.intercept(None);
    assert!(throttled.disturbed_calls() > 0);
    assert_eq!(closed_count(&sweep(&world).await), 1);
}
