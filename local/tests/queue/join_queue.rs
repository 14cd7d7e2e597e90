//! POST /queues/{queue_id}/tokens

use serde_json::json;

use crate::support::World;
use crate::support::queue::public;

#[tokio::test]
async fn from_joining_to_the_ticket() {
    let world = World::new().await;
    let schedule = world.queued_hall(json!({ "capacity": 1 })).await;
    let mut mina = world.user_with(100_000).await;
    let mut joon = world.user_with(100_000).await;
    let first = mina.join().await.expect(201);
    assert_eq!(first.body["position"], 1, "{}", first.body);
    let second = joon.join().await.expect(201);
    assert_eq!((&second.body["position"], &second.body["ahead"]), (&json!(2), &json!(1)));
    assert_eq!(joon.join().await.expect(200).body["position"], 2, "the same place");
    mina.hold(&schedule, &["A-1-1"]).await.expect_problem(403, "queue-token-not-admitted");
    // Two seconds until this process takes over from the one that made the queue, and one more for its first move.
    for _ in 0..3 {
        world.wait(1);
        mina.poll().await.expect(200);
    }
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    assert_eq!(joon.poll().await.expect(200).body["position"], 1);
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.leave().await.expect_problem(409, "has-live-hold");
    mina.pay(&held).await.expect(201);
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted", "as it was a moment ago");
    world.wait(1);
    assert_eq!(mina.poll().await.expect(200).body["state"], "used");
    mina.hold(&schedule, &["A-1-2"]).await.expect_problem(403, "queue-token-ended");
    world.stack.settle().await.expect("settled");
    world.wait(1);
    assert_eq!(joon.poll().await.expect(200).body["state"], "admitted");
    assert_eq!(public(&world).await["active"], 1);
    world.check_books().await;
}
