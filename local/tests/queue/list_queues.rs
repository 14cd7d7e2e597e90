//! The list of queues.

use serde_json::json;

use crate::support::World;
use crate::support::queue::QUEUE;

#[tokio::test]
async fn queues_are_listed_with_their_numbers_to_administrators() {
    let world = World::new().await;
    for queue in ["autumn", QUEUE] {
        world.put_queue(queue, json!({})).await;
        world.wait(1);
    }
    world.joined_users(3).await;
    let admin = world.admin().await;
    let listed = admin.get("/queues").await.expect(200).body;
    let of = |at: usize| (listed["items"][at]["queue_id"].clone(), listed["items"][at]["issued"].clone());
    assert_eq!([of(0), of(1)], [(json!(QUEUE), json!(3)), (json!("autumn"), json!(0))]);
    world.user().await.get("/queues").await.expect_problem(403, "forbidden");
}
