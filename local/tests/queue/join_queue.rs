//! POST /queues/{queue_id}/tokens

use serde_json::json;

use crate::support::queue::{QUEUE, public};
use crate::support::{Person, World};

#[tokio::test]
async fn from_joining_to_the_ticket() {
    let world = World::new().await;
    let schedule = world.queued_schedule(json!({ "capacity": 1 })).await;
    let mut mina = world.user_with(100_000).await;
    let mut joon = world.user_with(100_000).await;
    let first = mina.join().await.expect(201);
    assert_eq!(first.body["position"], 1, "{}", first.body);
    let second = joon.join().await.expect(201);
    assert_eq!((&second.body["position"], &second.body["ahead"]), (&json!(2), &json!(1)));
    assert_eq!(joon.join().await.expect(200).body["position"], 2, "the same place");
    mina.hold(&schedule, &["A-1-1"]).await.expect_problem(403, "queue-token-not-admitted");
    for _ in 0..2 {
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
    world.stack.drain_events().await.expect("settled");
    world.wait(1);
    assert_eq!(joon.poll().await.expect(200).body["state"], "admitted");
    assert_eq!(public(&world).await["active"], 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn who_joins_is_told_the_place() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5 })).await;
    world.joined_users(89).await;
    let mut mina = world.user().await;
    let joined = mina.join().await.expect(201);
    let mut shown = joined.body.clone();
    assert!(shown["token"].take().as_str().is_some_and(|token| token.split('.').count() == 3));
    let expected = json!({
        "queue_id": "spring", "queue_state": "open", "state": "waiting", "number": 90, "position": 90, "ahead": 89, "eta_seconds": 11_225,
        "retry_after_ms": 60_000, "issued_at": "2026-11-21T10:00:00.5Z", "token": null,
    });
    assert_eq!(shown, expected);
    // Again and later: the same place, not a new one at the end.
    world.joined_users(3).await;
    world.wait(5);
    let mut again = mina.join().await.expect(200).body;
    assert!(again["token"].take().is_string());
    assert_eq!(again, expected);
    assert_eq!(world.check_invariants().await.numbers(QUEUE), (1..=93).collect::<Vec<_>>());
}

#[tokio::test]
async fn there_must_be_a_queue_and_somebody_who_joins() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let mina = world.user().await;
    let before = world.dump();
    mina.post("/queues/autumn/tokens", json!({})).await.expect_problem(404, "not-found");
    for id in ["Spring", "a_b", &"a".repeat(65)] {
        mina.post(&format!("/queues/{id}/tokens"), json!({})).await.expect_invalid("queue_id");
    }
    world.anonymous().join().await.expect(401);
    let mut forged = world.anonymous();
    forged.token = Some("garbage".to_owned());
    forged.join().await.expect(403);
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn a_queue_opens_and_closes_to_the_millisecond() {
    let world = World::new().await;
    let (opens, closes) = (world.at(10).to_string(), world.at(20).to_string());
    world.queue(json!({ "opens_at": opens, "closes_at": closes })).await;
    let mut crowd = [world.user().await, world.user().await, world.user().await];
    let before = world.dump();
    crowd[0].join().await.expect_problem(409, "queue-closed");
    world.wait(10);
    world.clock.advance(jiff::SignedDuration::from_millis(-1));
    crowd[0].join().await.expect_problem(409, "queue-closed");
    assert_eq!(world.dump(), before, "a refusal takes no number");
    world.clock.advance(jiff::SignedDuration::from_millis(1));
    crowd[0].join().await.expect(201);
    world.wait(10);
    world.clock.advance(jiff::SignedDuration::from_millis(-1));
    crowd[1].join().await.expect(201);
    world.clock.advance(jiff::SignedDuration::from_millis(1));
    crowd[2].join().await.expect_problem(409, "queue-closed");
    // Who is in it stays in it, and is let in.
    assert_eq!(crowd[1].join().await.expect(200).body["number"], 2);
    world.ticks(3).await;
    assert_eq!(crowd[1].poll().await.expect(200).body["state"], "admitted");
    // But who has left has left.
    crowd[1].leave().await.expect(204);
    crowd[1].join().await.expect_problem(409, "queue-closed");
    // Opened again, it goes on where it was.
    world.queue(json!({})).await;
    world.wait(1);
    assert_eq!(crowd[2].join().await.expect(201).body["number"], 3);
}

#[tokio::test]
async fn who_is_called_may_claim_by_joining() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({})).await;
    let mut mina = world.joined_user().await;
    world.ticks(2).await;
    let joined = mina.join().await.expect(200);
    assert_eq!((&joined.body["state"], &joined.body["position"]), (&json!("admitted"), &json!(0)));
    assert_eq!(joined.text("expires_at"), "2026-11-21T10:10:02Z");
    assert_eq!(joined.text("issued_at"), "2026-11-21T10:00:00.5Z");
    mina.hold(&hall, &["A-1-1"]).await.expect(201);
    let again = mina.join().await.expect(200);
    assert_eq!((again.text("state"), again.text("expires_at")), (joined.text("state"), joined.text("expires_at")));
    assert_eq!(world.drain_and_check().await.admitted_now(QUEUE), 1);
}

/// Every way a place can end, done to somebody who has one in a queue that guards `hall`.
#[derive(Clone, Copy, Debug)]
enum End {
    LeftWaiting,
    Left,
    Used,
    Expired,
    /// As expired, but nobody has noticed it.
    Lapsed,
    Missed,
}

async fn person_with_ended_entry(world: &World, hall: &str, end: End) -> Person {
    if matches!(end, End::LeftWaiting | End::Missed) {
        let mut person = world.joined_user().await;
        if matches!(end, End::LeftWaiting) {
            person.leave().await.expect(204);
            // Whoever gives a place up waits for as long as it could have been claimed.
            world.wait(60);
            return person;
        }
        world.ticks(2).await;
        world.wait(90);
        world.tick().await;
        world.miss_second_call(&mut person).await;
        return person;
    }
    let person = world.admitted_user().await;
    match end {
        End::Left => {
            person.leave().await.expect(204);
            world.wait(60);
        }
        End::Used => {
            let held = person.hold(hall, &["A-1-1"]).await.expect(201).reservation();
            person.pay(&held).await.expect(201);
        }
        End::Expired => {
            world.wait(601);
            world.stack.run_schedule("advance_queues").await.expect("advanced");
        }
        _ => world.wait(600),
    }
    world.with_fresh_access_token(&person).await
}

#[tokio::test]
async fn after_every_end_a_new_number_is_taken_and_the_old_token_is_worth_nothing() {
    use End::{Expired, Lapsed, Left, LeftWaiting, Missed, Used};
    for end in [LeftWaiting, Left, Used, Expired, Lapsed, Missed] {
        let world = World::new().await;
        let hall = world.queued_schedule(json!({ "capacity": 1 })).await;
        let mut mina = person_with_ended_entry(&world, &hall, end).await;
        let old = mina.own_token();
        let mut joon = world.joined_user().await;
        let joined = mina.join().await.expect(201);
        assert_eq!((joined.text("state"), &joined.body["number"]), ("waiting".to_owned(), &json!(3)), "{end:?}");
        assert!(joined.body.get("expires_at").is_none(), "{end:?}: {}", joined.body);
        assert_eq!(world.state_of(&mina), "waiting");
        // The place of before is free, once: the one who came in between gets it, and mina after that.
        world.drain_and_check().await;
        world.until_admitted(&mut joon).await;
        world.ticks(2).await;
        assert_eq!(mina.poll().await.expect(200).body["position"], 1, "{end:?}");
        joon.leave().await.expect(204);
        world.stack.drain_events().await.expect("settled");
        world.until_admitted(&mut mina).await;
        assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 1, "{end:?}");
        mina.hold(&hall, &["A-1-2"]).await.expect(201);
        let ghost = mina.with_queue_token(Some(&old));
        let refused = ghost.hold(&hall, &["A-1-3"]).await;
        let waited = matches!(end, LeftWaiting | Missed);
        refused.expect_problem(403, if waited { "queue-token-not-admitted" } else { "queue-token-ended" });
        let look = ghost.get(&format!("/schedules/{hall}/seats")).await;
        look.expect_problem(403, if waited { "queue-token-not-admitted" } else { "queue-token-ended" });
        ghost.poll_with(&old).await.expect_problem(403, "queue-token-ended");
        world.quiesce().await;
    }
}

#[tokio::test]
async fn one_user_has_a_place_in_each_of_several_queues() {
    let world = World::new().await;
    world.queue(json!({})).await;
    world.put_queue("autumn", json!({})).await;
    let mina = world.joined_user().await;
    let other = mina.post("/queues/autumn/tokens", json!({})).await.expect(201);
    assert_eq!((&other.body["queue_id"], &other.body["number"]), (&json!("autumn"), &json!(1)));
    mina.leave().await.expect(204);
    mina.post("/queues/autumn/tokens", json!({})).await.expect(200);
}
