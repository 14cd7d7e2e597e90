//! F10: the same key for another request.

use serde_json::json;
use uuid::Uuid;

use super::scene::{KEY, Scene};
use crate::support::World;

cells!(another_body: hold pay reissue top_up credit spend start_card_payment pay_out order manage_shop);

/// It is refused, and changes nothing; the first remains a success.
async fn another_body(scene: &Scene) {
    let Some(other) = scene.case.asked_otherwise(scene) else { return };
    let key = KEY.to_string();
    scene.act().await.expect(201);
    let before = scene.world.dump();
    let outcome = scene.call(&scene.process(), scene.event_of(&other, Some(&key))).await;
    outcome.expect_problem(422, "idempotency-key-reused");
    assert_eq!(scene.world.dump(), before, "{:?}: a refusal has written", scene.case);
    scene.converges("the first once more").await;
}

#[tokio::test]
async fn a_key_that_paid_one_reservation_pays_no_other() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let user = world.user_with(100_000).await;
    let one = user.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let two = user.hold(&schedule, &["A-1-2"]).await.expect(201).reservation();
    let key = Uuid::from_u128(5);
    user.post_with_key("/payments", json!({ "reservation_id": one }), key).await.expect(201);
    let reply = user.post_with_key("/payments", json!({ "reservation_id": two }), key).await;
    reply.expect_problem(422, "idempotency-key-reused");
    assert_eq!(user.balance().await, 50_000);
    world.check_invariants().await;
}
