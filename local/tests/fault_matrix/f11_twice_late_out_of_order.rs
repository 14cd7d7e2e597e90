//! F11: messages come twice, late and out of order.

use serde_json::Value;

use super::scene::Scene;
use crate::support::World;

cells!(told_anyhow: relay release_declined_payment free_queue_places record_sales settle_card_payments);

/// It happens once.
async fn told_anyhow(scene: &Scene) {
    let backwards: Vec<Value> = scene.told.iter().rev().cloned().collect();
    let doubled: Vec<Value> = backwards.iter().chain(&scene.told).cloned().collect();
    for told in [&doubled, &backwards, &scene.told] {
        scene.call(&scene.process(), scene.event_of_batch(told)).await.expect(200);
        scene.expect_effects(1, "told anyhow").await;
    }
    scene.settle().await;
    // A day later everything it is about is over, and nothing of others is touched.
    scene.world.wait(86_400);
    let before = scene.world.dump();
    scene.act().await.expect(200);
    assert_eq!(scene.world.dump(), before, "{:?} was done again", scene.case);
}

#[tokio::test]
async fn a_decline_that_is_told_after_its_hall_is_gone_is_settled() {
    let world = World::releasing().await;
    let schedule = world.schedule_with_seats().await;
    let user = world.user_with(1).await;
    let held = user.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    user.pay(&held).await.expect_problem(402, "insufficient-balance");
    world.wait(302);
    let admin = world.admin().await;
    let concert = admin.get(&format!("/schedules/{schedule}")).await.expect(200).text("concert_id");
    admin.delete(&format!("/concerts/{concert}/schedules/{schedule}")).await.expect(204);
    for _ in 0..2 {
        world.wait(400);
        world.stack.run_schedule("run_expiry").await.expect("swept");
    }
    world.stack.drain_events().await.expect("settled");
    let dead = world.stack.sqs().queues().census(&world.stack.template().unread_queues());
    assert_eq!(dead.1.len(), 0, "nothing ends in a dead-letter queue");
}
