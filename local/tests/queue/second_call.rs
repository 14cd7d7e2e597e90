//! A missed call: somebody who was away when called, as with a phone that slept, is called once more.

use std::sync::Arc;

use serde_json::json;

use crate::support::queue::QUEUE;
use crate::support::{Person, World, concurrently};

/// A queue of one place. Its first is called and stays away; the window is over, and the second is inside.
async fn world_with_missed_call() -> (Arc<World>, Person, Person) {
    let world = Arc::new(World::new().await);
    world.queued_schedule(json!({ "capacity": 1, "admit_per_second": 10 })).await;
    let (mina, mut joon) = (world.joined_user().await, world.joined_user().await);
    world.ticks(2).await;
    world.wait(90);
    world.ticks(2).await;
    assert_eq!(joon.poll().await.expect(200).body["state"], "admitted");
    (world, mina, joon)
}

#[tokio::test]
async fn a_missed_call_comes_once_more_before_anybody_behind() {
    let (world, mut mina, joon) = world_with_missed_call().await;
    let mut third = world.joined_user().await;
    for _ in 0..3 {
        let told = mina.poll().await.expect(200).body;
        assert_eq!((&told["state"], &told["number"]), (&json!("waiting"), &json!(1)));
        assert_eq!((&told["position"], &told["ahead"]), (&json!(1), &json!(0)));
        assert!(told["retry_after_ms"].as_u64().is_some_and(|retry| retry <= 5_000), "{told}");
        assert!(told["token"].is_null(), "{told}");
        world.ticks(2).await;
    }
    // Joining again gives the same place.
    let joined = mina.join().await.expect(200).body;
    assert_eq!((&joined["state"], &joined["number"], &joined["position"]), (&json!("waiting"), &json!(1), &json!(1)));
    joon.leave().await.expect(204);
    world.stack.drain_events().await.expect("settled");
    world.ticks(2).await;
    assert_eq!(third.poll().await.expect(200).body["state"], "waiting", "the only place is hers");
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    let books = world.drain_and_check().await;
    assert_eq!((books.admitted_now(QUEUE), books.places_in_use(QUEUE)), (1, 1));
    world.quiesce().await;
}

#[tokio::test]
async fn nobody_is_called_a_third_time() {
    let (world, mut mina, joon) = world_with_missed_call().await;
    joon.leave().await.expect(204);
    world.stack.drain_events().await.expect("settled");
    world.miss_second_call(&mut mina).await;
    assert_eq!(mina.poll().await.expect(200).body["state"], "expired");
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 0);
    assert_eq!(mina.join().await.expect(201).body["number"], 3);
    world.quiesce().await;
}

#[tokio::test]
async fn polls_side_by_side_ask_for_one_second_call() {
    let (world, mina, joon) = world_with_missed_call().await;
    joon.leave().await.expect(204);
    world.stack.drain_events().await.expect("settled");
    let tabs: Vec<Person> = (0..8).map(|_| mina.clone()).collect();
    let told = concurrently(tabs, |mut tab: Person| async move { tab.poll().await.expect(200) }).await;
    assert!(told.iter().all(|reply| reply.text("state") == "waiting"));
    world.ticks(2).await;
    let tabs: Vec<Person> = (0..8).map(|_| mina.clone()).collect();
    let told = concurrently(tabs, |mut tab: Person| async move { tab.poll().await.expect(200) }).await;
    assert!(told.iter().all(|reply| reply.text("state") == "admitted"));
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 1);
    world.quiesce().await;
}

#[tokio::test]
async fn whoever_leaves_instead_is_not_called_again() {
    let (world, mut mina, joon) = world_with_missed_call().await;
    assert_eq!(mina.poll().await.expect(200).body["position"], 1);
    mina.leave().await.expect(204);
    joon.leave().await.expect(204);
    world.stack.drain_events().await.expect("settled");
    world.ticks(3).await;
    let books = world.drain_and_check().await;
    assert_eq!((books.places_in_use(QUEUE), books.unclaimed_numbers(QUEUE)), (0, 0));
    assert_eq!(mina.poll().await.expect(200).body["state"], "left");
    world.quiesce().await;
}

#[tokio::test]
async fn a_second_call_is_counted_against_rate_and_places() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 40, "admit_per_second": 20 })).await;
    let mut crowd = world.joined_users(40).await;
    world.ticks(3).await;
    world.wait(90);
    world.ticks(2).await;
    for person in &mut crowd {
        assert_eq!(person.poll().await.expect(200).body["position"], 1);
    }
    // Ten numbers in one move.
    let mut inside = Vec::new();
    for called in [10, 20, 30, 40] {
        world.tick().await;
        let books = world.check_invariants().await;
        assert_eq!((books.unclaimed_numbers(QUEUE), books.places_in_use(QUEUE)), (called, called));
        inside.push(called);
    }
    for person in &mut crowd {
        assert_eq!(person.poll().await.expect(200).body["state"], "admitted");
    }
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 40);
    world.quiesce().await;
}
