//! F13: clocks are half a minute apart, or jump back by five.

use std::sync::Arc;

use jiff::SignedDuration;
use onsale_platform::clock::Clock;

use super::act::Outcome;
use super::scene::Scene;
use crate::support::World;
use crate::support::recorder::{Disturb, Fault};

cells!(clocks);

/// A process with a wrong clock succeeds or refuses; nothing is half done, and once the time is right the same request
/// succeeds and has happened once.
async fn clocks(scene: &Scene) {
    for skew in [30, -30, -300] {
        scene.reset().await;
        let clock = Clock::manual(scene.world.clock.now() + SignedDuration::from_secs(skew));
        let outcome = scene.call(&scene.process_at(clock), scene.event()).await;
        assert_answered(scene, &outcome, &format!("{skew} s apart"));
        scene.world.check_invariants().await;
        if scene.case.goes_on_by_itself() {
            // A clock that is ahead has moved the queue, and nobody moves it on before that time has come.
            scene.world.wait(skew.max(0));
        }
        scene.converges(&format!("once by a clock {skew} s apart")).await;
        scene.at_quiet().await;
    }
    // Whether it was done is not known, and then all clocks jump back.
    scene.reset().await;
    let (operation, spared) = scene.writes[scene.writes.len() - 1];
    scene.act_under(Arc::new(Disturb::after(operation, Fault::LoseAnswer, spared, 1_000))).await;
    scene.world.wait(-300);
    let outcome = scene.act().await;
    assert_answered(scene, &outcome, "after the jump");
    scene.world.wait(300);
    scene.converges("after the jump").await;
    scene.at_quiet().await;
}

fn assert_answered(scene: &Scene, outcome: &Outcome, told: &str) {
    assert!(outcome.succeeded() || outcome.is_refusal(), "{:?}, {told}: {outcome:?}", scene.case);
}

#[tokio::test]
async fn a_faster_clock_takes_a_seat_over_and_nobody_pays_twice() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let (slow, fast) = (world.user_with(50_000).await, world.user_with(50_000).await);
    let held = slow.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    world.wait(310);
    let taken = fast.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    // The slow user's instance still lives half a minute earlier, within the hold.
    world.wait(-30);
    slow.pay(&held).await.expect_problem(409, "hold-expired");
    slow.delete(&format!("/reservations/{held}")).await.expect(200);
    fast.pay(&taken).await.expect(201);
    assert_eq!((slow.balance().await, fast.balance().await), (50_000, 0));
    world.check_invariants().await;
}

#[tokio::test]
async fn a_clock_that_is_behind_pays_late_only_what_is_still_there() {
    let world = World::new().await;
    let product = world.product(1_000, 1).await;
    let (slow, fast) = (world.user_with(1_000).await, world.user_with(1_000).await);
    let order = slow.order(&[(&product, 1)]).await.expect(201).order();
    world.wait(310);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    let taken = fast.buy(&[(&product, 1)]).await.expect(201);
    // The slow user's instance still lives half a minute earlier, within the time of the order.
    world.wait(-30);
    slow.pay_order(&order).await.expect_problem(409, "hold-expired");
    assert_eq!((slow.balance().await, taken.body["state"].as_str()), (1_000, Some("paid")));
    world.check_invariants().await;
}
