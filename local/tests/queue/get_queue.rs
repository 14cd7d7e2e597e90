//! GET /queues/{queue_id}

use serde_json::json;

use crate::support::World;
use crate::support::queue::{QUEUE, public};

#[tokio::test]
async fn everybody_sees_the_same_numbers_and_finds_the_own_place_in_them() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 3, "admit_per_second": 2 })).await;
    let mut crowd = world.joined_users(9).await;
    world.ticks(2).await;
    let seen = public(&world).await;
    assert_eq!((&seen["serving"], &seen["issued"], &seen["active"]), (&json!(2), &json!(9), &json!(2)));
    for person in &mut crowd {
        let own = person.poll().await.expect(200).body;
        let serving = seen["serving"].as_i64().expect("a number");
        let number = own["number"].as_i64().expect("a number");
        assert_eq!(own["ahead"], (number - serving - 1).max(0), "{own}");
        assert_eq!(own["state"] == "admitted", number <= serving, "{own}");
    }
    crowd[0].leave().await.expect(204);
    world.stack.drain_events().await.expect("settled");
    world.ticks(2).await;
    let seen = public(&world).await;
    assert_eq!((&seen["serving"], &seen["issued"], &seen["active"]), (&json!(4), &json!(9), &json!(3)));
}

#[tokio::test]
async fn it_may_be_cached_for_a_second_and_is_not_sent_twice() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let (anybody, path) = (world.anonymous(), format!("/queues/{QUEUE}"));
    let first = anybody.get(&path).await.expect(200);
    assert_eq!(first.headers["cache-control"], "public, max-age=1");
    assert_eq!(first.headers["content-type"], "application/json");
    let tag = first.headers["etag"].to_str().expect("a tag").to_owned();
    world.joined_users(1).await;
    // Within the second it is what it was, for everybody.
    assert_eq!(anybody.get(&path).await.expect(200).bytes, first.bytes);
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = anybody.get_with(&path, "if-none-match", &known).await.expect(304);
        assert!(again.bytes.is_empty());
        assert_eq!(again.headers["etag"], tag.as_str());
        assert_eq!(again.headers["cache-control"], "public, max-age=1");
    }
    world.wait(1);
    let later = anybody.get_with(&path, "if-none-match", &tag).await.expect(200);
    assert_eq!(later.body["issued"], 1);
    assert_ne!(later.headers["etag"], tag.as_str());
}

#[tokio::test]
async fn what_is_no_queue_is_said_to_be_none() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let anybody = world.anonymous();
    anybody.get("/queues/autumn").await.expect_problem(404, "not-found");
    for id in ["Spring", "a_b", "a%20b", &"a".repeat(65)] {
        anybody.get(&format!("/queues/{id}")).await.expect_invalid("queue_id");
    }
    // Nobody's token matters here.
    let stranger = world.anonymous().with_queue_token(Some("garbage"));
    stranger.get(&format!("/queues/{QUEUE}")).await.expect(200);
}

#[tokio::test]
async fn who_looks_moves_the_queue_on() {
    let world = World::new().await;
    world.queue(json!({})).await;
    world.joined_users(3).await;
    // The first look sees that they are there; then one is called each second, while there is room.
    for serving in [0, 1, 2, 2, 2] {
        world.wait(1);
        assert_eq!(public(&world).await["serving"], serving);
    }
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 2);
}
