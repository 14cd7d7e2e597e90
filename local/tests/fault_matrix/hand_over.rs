//! The faults of handing events to the data platform. It posts over HTTP and writes nothing to the table, so what can
//! go wrong is the other side's; time runs here as it does there.

use jiff::SignedDuration;
use local::aws::lambda::Entry;
use local::third_parties::webhook_receiver::Behaviour;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::{Value, json};

use crate::events::{batch, queue, quiet_hall, receive_all};
use crate::support::World;
use crate::support::receiver::Listening;

const NOTHING_FAILED: &str = r#"{"batchItemFailures":[]}"#;

/// A hold and its payment, and what tells of them.
async fn world_with_events_to_hand_over() -> (World, Listening, Vec<String>) {
    let (world, listening) = World::with_receiver().await;
    let (hall, user) = (quiet_hall(&world).await, world.user_with(50_000).await);
    let held = user.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    user.pay(&held).await.expect(201);
    world.stack.relay().await.expect("relayed");
    let told = receive_all(&world, &queue(&world, "DataPlatform")).await;
    assert_eq!(told.len(), 2);
    (world, listening, told)
}

fn process(world: &World, clock: Clock) -> Entry {
    world.stack.process("deliver_webhooks", clock, Ids::Random).expect("a process")
}

async fn hand_over(process: &Entry, told: &[String]) -> Value {
    let bodies: Vec<&str> = told.iter().map(String::as_str).collect();
    lambda::invoke(&process.code, process.app.clone(), batch(&bodies)).await.expect("an answer")
}

/// Kills a process as soon as `arrived`.
async fn kill_once(world: &World, told: &[String], arrived: impl Future<Output = ()>) {
    let process = process(world, world.clock.clone());
    tokio::select! {
        () = arrived => {}
        answer = hand_over(&process, told) => panic!("it outlived its death: {answer}"),
    }
}

#[tokio::test]
async fn f05_killed_before_an_event_is_taken_it_hands_it_over_again() {
    let (world, listening, told) = world_with_events_to_hand_over().await;
    listening.behave(Behaviour { hang: true, ..Behaviour::default() });
    kill_once(&world, &told, listening.until_requests(1)).await;
    assert!(listening.events().is_empty());
    listening.answer(200);
    assert_eq!(hand_over(&process(&world, world.clock.clone()), &told).await.to_string(), NOTHING_FAILED);
    assert_eq!(listening.events().len(), 2);
}

#[tokio::test]
async fn f06_killed_after_an_event_was_taken_it_hands_the_same_one_over_again() {
    let (world, listening, told) = world_with_events_to_hand_over().await;
    listening.behave(Behaviour { delay_milliseconds: 60_000, ..Behaviour::default() });
    kill_once(&world, &told, listening.until_events(2)).await;
    listening.answer(200);
    assert_eq!(hand_over(&process(&world, world.clock.clone()), &told).await.to_string(), NOTHING_FAILED);
    let times: Vec<u64> = listening.buyer_events().iter().map(|received| received.times).collect();
    assert_eq!(times, [2, 2], "the same ids and contents");
}

#[tokio::test]
async fn f13_what_a_wrong_clock_has_signed_is_taken() {
    let (world, listening, told) = world_with_events_to_hand_over().await;
    for skew in [30, -30, -300] {
        let clock = Clock::manual(world.clock.now() + SignedDuration::from_secs(skew));
        assert_eq!(hand_over(&process(&world, clock), &told).await.to_string(), NOTHING_FAILED, "{skew} s");
    }
    assert_eq!(listening.events().len(), 2);
}

#[tokio::test]
async fn f20_an_event_of_newer_code_is_handed_over_and_one_of_another_version_waits() {
    let (world, listening, told) = world_with_events_to_hand_over().await;
    let changed = |name: &str, value: Value| -> Vec<String> {
        let event = |body: &String| {
            let mut event: Value = serde_json::from_str(body).expect("JSON");
            event[name] = value.clone();
            event.to_string()
        };
        told.iter().map(event).collect()
    };
    let process = process(&world, world.clock.clone());
    let failed = hand_over(&process, &changed("specversion", json!("2.0"))).await;
    assert_eq!(failed["batchItemFailures"].as_array().map(Vec::len), Some(2));
    assert!(listening.events().is_empty());
    assert_eq!(hand_over(&process, &changed("traceparent", json!("00-ab-01"))).await.to_string(), NOTHING_FAILED);
    assert_eq!(listening.events().len(), 2);
}
