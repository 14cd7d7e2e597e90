//! F14: the sweeps are off for an hour.

use serde_json::json;

use super::scene::Scene;
use crate::support::World;

cells!(sweeps_off);

/// What has lapsed is refused by the clock, not by the sweep; and one period after it is on, nothing is left over.
async fn sweeps_off(scene: &Scene) {
    scene.world.wait(3_600);
    let outcome = scene.act().await;
    assert!(outcome.succeeded() || outcome.is_refusal(), "{:?}: {outcome:?}", scene.case);
    scene.world.check_invariants().await;
    let again = scene.act().await;
    assert!(again.succeeded() || again.is_refusal(), "{:?}: {again:?}", scene.case);
    for _ in 0..2 {
        scene.world.stack.run_schedule("run_expiry").await.expect("swept");
        scene.world.stack.run_schedule("advance_queues").await.expect("advanced");
        scene.world.stack.run_schedule("sweep_card_payments").await.expect("swept");
        scene.world.stack.drain_events().await.expect("settled");
        scene.world.check_invariants().await;
    }
    let now = scene.world.clock.now().as_second();
    let lapsed = |item: &serde_json::Value| {
        let end = item["expires_at"]["N"].as_str().and_then(|end| end.parse::<i64>().ok());
        item["expiry_shard"].is_object() && end.is_some_and(|end| end < now)
    };
    let left: Vec<_> = scene.world.items().into_values().filter(lapsed).collect();
    assert!(left.is_empty(), "{:?}: its time is over, and nobody has closed it: {left:?}", scene.case);
    scene.at_quiet().await;
}

#[tokio::test]
async fn with_the_sweep_off_seats_are_free_when_their_time_is_over() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let user = world.user_with(1_000_000).await;
    for round in 0..3 {
        // Four seats are the limit; each round the last round's have lapsed and nobody swept.
        let seats: Vec<String> = (1..=4).map(|seat| format!("A-1-{}", 4 * round + seat)).collect();
        let user = world.with_fresh_token(&user).await;
        user.hold(&schedule, &seats.iter().map(String::as_str).collect::<Vec<_>>()).await.expect(201);
        user.hold(&schedule, &["A-1-40"]).await.expect_problem(409, "seat-limit");
        assert_eq!(world.check_invariants().await.held_and_sold(), (4, 0));
        world.wait(3_600);
    }
    let listed = user.get(&format!("/schedules/{schedule}/seats?available=true")).await.expect(200);
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(50));
}

#[tokio::test]
async fn with_the_sweep_off_units_come_back_one_period_after_it_is_on() {
    let world = World::new().await;
    let product = world.product(1_000, 4).await;
    let people = world.users_with(4, 0).await;
    for person in &people {
        person.order(&[(&product, 1)]).await.expect(201);
    }
    world.wait(3_600);
    // Of others' orders nobody but the sweep knows that they have lapsed.
    let mina = world.user().await;
    mina.order(&[(&product, 1)]).await.expect_problem(409, "out-of-stock");
    let swept = world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(swept, json!({ "closed": 4, "failed": 0, "deletions": 0 }));
    mina.order(&[(&product, 4)]).await.expect(201);
    world.check_invariants().await;
}
