//! Everything that the functions of a queue, and those that it guards, ever ask the table for.

use std::sync::Arc;

use axum::http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::queue::QUEUE;
use crate::support::recorder::{Disturb, Fault};
use crate::support::{Person, World};

async fn advance(world: &World) {
    world.stack.run_schedule("advance_queues").await.expect("advanced");
}

/// From an empty queue to its end, by every way in and out.
pub async fn everything(world: &World) {
    let hall = world.queued_schedule(json!({ "capacity": 3, "admit_per_second": 2 })).await;
    // Changed: how many numbers it has given out is looked up.
    world.queue(json!({ "capacity": 2, "admit_per_second": 2 })).await;
    world.anonymous().get(&format!("/queues/{QUEUE}")).await.expect(200);
    replayed_concert(world).await;
    looking_and_buying(world, &hall).await;
    sweeping(world).await;
    joining_again(world).await;
    polling(world).await;
    watching(world).await;
    leasing(world).await;
    super::gaps::join_with_overtaken_request(world, &mut world.user().await).await;
    world.stack.drain_events().await.expect("settled");
}

/// A join that the counter has no room for takes a lease, and whoever moves the queue looks for what is left of it.
async fn leasing(world: &World) {
    let mut user = world.user().await;
    world.stack.intercept(Some(Arc::new(Disturb::next("UpdateItem", Fault::Throttle, 3))));
    user.join().await.expect(201);
    world.stack.intercept(None);
    world.wait(3);
    advance(world).await;
    world.wait(3);
    world.anonymous().get(&format!("/queues/{QUEUE}")).await.expect(200);
    world.wait(3);
    user.poll().await.expect(200);
    user.leave().await.expect(204);
}

/// A repeat of a concert's creation finds the first. One that is deleted leaves the queue.
async fn replayed_concert(world: &World) {
    let (admin, key) = (world.admin().await, Uuid::from_u128(404));
    for _ in 0..2 {
        let body = json!({ "name": "Queued", "description": "", "queue_id": QUEUE });
        admin.post_with_key("/concerts", body, key).await.expect(201);
    }
    organising(&admin).await;
    let body = json!({ "name": "Cancelled", "description": "", "queue_id": QUEUE });
    let cancelled = admin.post("/concerts", body).await.expect(201).text("concert_id");
    admin.delete(&format!("/concerts/{cancelled}")).await.expect(204);
    world.wait(400);
    world.stack.run_schedule("run_expiry").await.expect("swept");
}

/// A concert with a date to come moves from one queue to another, which is listed and deleted.
async fn organising(admin: &Person) {
    let settings = json!({ "capacity": 1, "admit_per_second": 1, "active_minutes": 1 });
    admin.call(Method::PUT, "/queues/autumn", Some(settings), None).await.expect(201);
    let concert = json!({ "name": "Moved", "description": "", "queue_id": QUEUE });
    let concert = admin.post("/concerts", concert).await.expect(201).text("concert_id");
    let date = json!({
        "place": "Hall", "starts_at": "2027-11-22T10:00:00Z", "sale_opens_at": "2027-11-21T10:00:00Z",
        "sale_closes_at": "2027-11-21T12:00:00Z",
    });
    admin.post(&format!("/concerts/{concert}/schedules"), date).await.expect(201);
    for queue in [json!("autumn"), json!(null)] {
        let body = Some(json!({ "queue_id": queue }));
        admin.call(Method::PUT, &format!("/concerts/{concert}/queue"), body, None).await.expect(200);
    }
    admin.get("/queues").await.expect(200);
    admin.delete("/queues/autumn").await.expect(204);
}

/// Somebody who was called and has claimed, by polls alone.
async fn person_with_admission(world: &World) -> Person {
    let mut user = world.joined_user().await;
    world.until_admitted(&mut user).await;
    user
}

async fn looking_and_buying(world: &World, hall: &str) {
    let user = person_with_admission(world).await;
    let concert = user.get(&format!("/schedules/{hall}")).await.expect(200).text("concert_id");
    user.get(&format!("/concerts/{concert}/schedules")).await.expect(200);
    user.get(&format!("/schedules/{hall}/seats")).await.expect(200);
    user.get(&format!("/schedules/{hall}/seats/A-1-1")).await.expect(200);
    user.put(&format!("/schedules/{hall}/seats/A-1-1/hold")).await.expect(201);
    let held = user.hold(hall, &["A-1-2"]).await.expect(201).reservation();
    user.leave().await.expect_problem(409, "has-live-hold");
    // Begun by card, and paid from the wallet.
    user.start_card(json!({ "reservation_id": held })).await.expect(201);
    user.pay(&held).await.expect(201);
    user.clone().join().await.expect_problem(409, "has-live-hold");
    let waiting = world.joined_user().await;
    waiting.leave().await.expect(204);
    world.stack.drain_events().await.expect("settled");
}

/// The sweep calls, closes what nobody claimed, and ends what has lapsed.
async fn sweeping(world: &World) {
    person_with_admission(world).await;
    world.joined_user().await;
    for seconds in [1, 1, 61, 700] {
        world.wait(seconds);
        advance(world).await;
    }
    world.stack.drain_events().await.expect("settled");
}

/// Joining claims what was called, asks for a second call of what was missed, ends what has lapsed or was missed twice,
/// and takes a new number.
async fn joining_again(world: &World) {
    let mut called = world.joined_user().await;
    // The sweep has closed a batch a moment ago, and still has the turn.
    world.ticks(3).await;
    assert_eq!(called.join().await.expect(200).body["state"], "admitted");
    let mut missed = world.joined_user().await;
    world.ticks(2).await;
    // Called when there is room, and over when nobody claims.
    for _ in 0..2 {
        world.wait(100);
        world.tick().await;
    }
    missed.join().await.expect(200);
    let mut leaver = world.joined_user().await;
    world.ticks(2).await;
    for _ in 0..2 {
        world.wait(100);
        world.tick().await;
    }
    missed.join().await.expect(201);
    leaver.poll().await.expect(200);
    leaver.leave().await.expect(204);
    world.wait(601);
    let mut lapsed = world.with_fresh_access_token(&called).await;
    lapsed.join().await.expect(201);
    world.stack.drain_events().await.expect("settled");
}

/// Whoever looks at the public numbers moves the queue too: it notes who came, calls, and closes what nobody claims.
async fn watching(world: &World) {
    world.joined_user().await;
    for _ in 0..4 {
        world.wait(700);
        world.anonymous().get(&format!("/queues/{QUEUE}")).await.expect(200);
        world.joined_user().await;
    }
}

/// A poll moves its queue: it calls, closes, claims, and finds that it came too late, and too late once more.
async fn polling(world: &World) {
    let (mut first, mut late) = (world.joined_user().await, world.joined_user().await);
    world.until_admitted(&mut first).await;
    world.wait(200);
    assert_eq!(late.poll().await.expect(200).body["state"], "waiting");
    world.ticks(2).await;
    world.wait(200);
    assert_eq!(late.poll().await.expect(200).body["state"], "expired");
    first.poll().await.expect(200);
}
