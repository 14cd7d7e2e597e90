//! The organiser's hand on a queue while people wait in it: pause, message, end.

use serde_json::{Value, json};

use crate::support::World;
use crate::support::queue::{QUEUE, public};

/// The parts of a poll that tell of the queue, and of the wait in it.
fn told(place: &Value) -> [&Value; 4] {
    ["queue_state", "message", "eta_seconds", "retry_after_ms"].map(|field| &place[field])
}

#[tokio::test]
async fn whoever_waits_in_a_paused_queue_keeps_the_place_and_is_told() {
    let world = World::new().await;
    let open = json!({ "capacity": 100, "admit_per_second": 2 });
    world.queue(open.clone()).await;
    let mut crowd = world.joined_users(30).await;
    world.ticks(3).await;
    let mut serving = 4;
    for pause in [
        json!({ "capacity": 100, "admit_per_second": 2, "paused": true, "message": "The band is late." }),
        json!({ "capacity": 100, "admit_per_second": 0, "message": "The band is late." }),
        json!({ "capacity": 0, "admit_per_second": 2, "message": "The band is late." }),
    ] {
        world.queue(pause.clone()).await;
        world.ticks(20).await;
        let shown = public(&world).await;
        assert_eq!((&shown["state"], &shown["message"]), (&json!("paused"), &json!("The band is late.")), "{pause}");
        assert_eq!(shown["serving"], serving, "{pause}");
        let place = crowd[29].poll().await.expect(200).body;
        let [state, message, eta, retry] = told(&place);
        assert_eq!((state, message), (&json!("paused"), &json!("The band is late.")));
        assert_eq!((&place["number"], &place["position"]), (&json!(30), &json!(30 - serving)));
        assert!(eta.is_null() && retry.as_u64().is_some_and(|retry| (2_000..=25_000).contains(&retry)), "{place}");
        // A number that was called is claimed, pause or not.
        let last_called = usize::try_from(serving).expect("few") - 1;
        assert_eq!(crowd[last_called].poll().await.expect(200).body["state"], "admitted");
        // Nobody makes up for the pause.
        world.queue(open.clone()).await;
        world.ticks(2).await;
        let books = world.drain_and_check().await;
        assert_eq!(books.serving(QUEUE), serving + 4, "two a second again");
        serving += 4;
        let place = crowd[29].poll().await.expect(200).body;
        assert_eq!(place["queue_state"], "open");
        assert!(place["eta_seconds"].is_u64() && place.get("message").is_none(), "{place}");
    }
    world.quiesce().await;
}

#[tokio::test]
async fn a_queue_that_has_ended_calls_nobody_and_whoever_is_inside_buys() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 100, "admit_per_second": 1 })).await;
    let mut first = world.user_with(100_000).await;
    first.join().await.expect(201);
    let mut crowd = vec![first];
    crowd.extend(world.joined_users(5).await);
    world.ticks(3).await;
    assert_eq!(crowd[0].poll().await.expect(200).body["state"], "admitted");
    let over = json!({
        "capacity": 100, "admit_per_second": 1, "ends_at": world.at(0).to_string(), "message": "That was all.",
    });
    world.queue(over).await;
    world.ticks(5).await;
    let shown = public(&world).await;
    assert_eq!((&shown["state"], &shown["serving"]), (&json!("over"), &json!(2)));
    world.user().await.join().await.expect_problem(409, "queue-closed");
    // Whoever waits is told, and need not ask again; the place is kept.
    let place = crowd[5].poll().await.expect(200).body;
    assert_eq!(told(&place), [&json!("over"), &json!("That was all."), &Value::Null, &Value::Null]);
    assert_eq!((&place["state"], &place["position"]), (&json!("waiting"), &json!(4)));
    // A number that was called is claimed, and buyers inside buy.
    assert_eq!(crowd[1].poll().await.expect(200).body["state"], "admitted");
    let held = crowd[0].hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    crowd[0].pay(&held).await.expect(201);
    // The end is put off: everybody is where they were.
    world.queue(json!({ "capacity": 100, "admit_per_second": 1, "ends_at": world.at(600).to_string() })).await;
    world.ticks(2).await;
    let place = crowd[5].poll().await.expect(200).body;
    assert_eq!((&place["queue_state"], &place["number"]), (&json!("open"), &json!(6)));
    world.until_admitted(&mut crowd[5]).await;
    world.quiesce().await;
}

#[tokio::test]
async fn a_queue_ends_by_itself_at_its_time() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 100, "admit_per_second": 1, "ends_at": world.at(4).to_string() })).await;
    let mut last = world.joined_users(20).await.remove(19);
    world.ticks(3).await;
    assert_eq!(last.poll().await.expect(200).body["queue_state"], "open");
    world.ticks(60).await;
    assert_eq!(last.poll().await.expect(200).body["queue_state"], "over");
    let books = world.check_invariants().await;
    assert!((2..=3).contains(&books.serving(QUEUE)), "{}", books.serving(QUEUE));
    assert_eq!(world.stack.run_schedule("advance_queues").await.expect("advanced")["queues_failed"], 0);
}
