//! F10: the same key for another request.

use super::scene::Scene;

cells!(another_body: hold pay top_up spend order manage_shop);

/// It is refused, and changes nothing; the first remains a success.
async fn another_body(scene: &Scene) {
    let Some(other) = scene.case.asked_otherwise(scene) else { return };
    let key = super::scene::KEY.to_string();
    scene.act().await.expect(201);
    let before = scene.world.dump();
    let outcome = scene.call(&scene.process(), scene.event_of(&other, Some(&key))).await;
    outcome.expect_problem(422, "idempotency-key-reused");
    assert_eq!(scene.world.dump(), before, "{:?}: a refusal has written", scene.case);
    scene.converges("the first once more").await;
}
