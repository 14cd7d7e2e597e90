//! Clocks that disagree: half a minute apart, or set back by five.

use serde_json::json;

use crate::support::World;
use crate::support::queue::QUEUE;

#[tokio::test]
async fn f13_schedulers_half_a_minute_apart_admit_no_more_than_their_skew_allows() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1_000, "admit_per_second": 2 })).await;
    world.joined_users(100).await;
    let mut before = 0;
    for second in 1..=15_i64 {
        world.wait(1);
        for skew in [30, 0, -30, 30] {
            world.wait(skew);
            world.stack.run_schedule("advance_queues").await.expect("advanced");
            world.wait(-skew);
        }
        let serving = world.check_invariants().await.serving(QUEUE);
        assert!(serving >= before, "the served number falls from {before} to {serving}");
        assert!(serving <= 2 * (second + 30), "{serving} are called in second {second}");
        before = serving;
    }
    assert!(before >= 2 * 14, "a clock that is ahead stops nobody: {before}");
}

#[tokio::test]
async fn f13_polls_of_instances_half_a_minute_apart_show_a_place_that_only_falls() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1_000, "admit_per_second": 1 })).await;
    // What an instance signs that is ahead, one that is behind does not believe yet: all of it was signed before.
    world.wait(-60);
    let crowd = world.joined_users(60).await;
    world.wait(60);
    let (ahead, behind) = (world.other_instances(), world.other_instances());
    let mut shown = 60;
    let mut states = Vec::new();
    for second in 1..=40 {
        world.wait(1);
        for (skew, instances) in [(30, &ahead), (-30, &behind)] {
            world.wait(skew);
            let told = crowd[59].at(instances).poll().await.expect(200);
            world.wait(-skew);
            let position = told.body["position"].as_i64().expect("a position");
            assert!(position <= shown, "the place rises from {shown} to {position} in second {second}");
            shown = position;
            states.push(told.text("state"));
        }
    }
    // A poll has credit for two seconds however far ahead it is, and one a second for each that passes.
    assert!((18..=21).contains(&shown), "{shown}");
    assert!(states.iter().all(|state| state == "waiting"));
    world.check_invariants().await;
}

#[tokio::test]
async fn f13_a_clock_that_jumps_back_five_minutes_stops_the_queue_and_loses_nothing() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5, "admit_per_second": 1 })).await;
    // Tokens from the future are not believed: these are signed before the clock jumps back to.
    world.wait(-400);
    let mut crowd = world.joined_users(8).await;
    world.wait(400);
    world.ticks(3).await;
    assert_eq!(crowd[0].poll().await.expect(200).body["state"], "admitted");
    let before = world.check_invariants().await.serving(QUEUE);
    world.wait(-300);
    for _ in 0..3 {
        world.tick().await;
        assert_eq!(crowd[7].poll().await.expect(200).body["position"], 8 - before);
    }
    let after = world.check_invariants().await;
    assert_eq!(after.serving(QUEUE), before);
    // Once the time is what it was, it goes on: at its rate, not with five minutes' worth.
    world.wait(297);
    world.ticks(1).await;
    assert_eq!(world.check_invariants().await.serving(QUEUE), before + 1);
    world.quiesce().await;
}

#[tokio::test]
async fn f13_a_claim_by_a_slow_clock_ends_early_and_by_a_fast_one_late_and_both_end() {
    for skew in [-300, -30, 30] {
        let world = World::new().await;
        world.queue(json!({ "capacity": 1 })).await;
        let mut mina = world.joined_user().await;
        world.ticks(2).await;
        // Signed by a clock that is right, read by one that is not; by a new token where it is far behind.
        world.wait(skew);
        let mut mina = if skew < 0 {
            let mut again = world.with_fresh_token(&mina).await;
            assert_eq!(again.join().await.expect(200).body["state"], "admitted", "{skew}");
            again
        } else {
            assert_eq!(mina.poll().await.expect(200).body["state"], "admitted", "{skew}");
            mina
        };
        world.wait(-skew);
        // A clock that is behind counts from when the queue was moved.
        let end: i64 = world.entry_of(&mina)["expires_at"]["N"].as_str().expect("a second").parse().expect("a number");
        assert_eq!(end, "2026-11-21T10:10:02Z".parse::<jiff::Timestamp>().expect("a time").as_second() + skew.max(0));
        let mut joon = world.joined_user().await;
        world.wait(601 + skew.max(0));
        world.stack.run_schedule("advance_queues").await.expect("advanced");
        assert_eq!(world.state_of(&mina), "expired");
        world.stack.drain_events().await.expect("settled");
        joon = world.with_fresh_access_token(&joon).await;
        world.until_admitted(&mut joon).await;
        assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 1);
        mina = world.with_fresh_access_token(&mina).await;
        mina.leave().await;
        world.quiesce().await;
    }
}

#[tokio::test]
async fn f13_a_sweep_that_is_ahead_ends_an_admission_once_and_its_owner_is_told() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "active_minutes": 1 })).await;
    let mut mina = world.admitted_user().await;
    let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    world.wait(40);
    world.wait(30);
    assert_eq!(world.stack.run_schedule("advance_queues").await.expect("swept")["ended"], 1);
    world.wait(-30);
    mina.pay(&held).await.expect_problem(403, "queue-token-ended");
    mina.hold(&hall, &["A-1-2"]).await.expect_problem(403, "queue-token-ended");
    assert_eq!(mina.poll().await.expect(200).body["state"], "expired");
    assert_eq!(mina.join().await.expect(201).body["number"], 2);
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 0);
    assert_eq!(mina.balance().await, 1_000_000);
    world.quiesce().await;
}
