//! GET /users/me

use serde_json::json;

use super::{PASSWORD, log_in, sign_up};
use crate::support::World;

#[tokio::test]
async fn a_user_sees_the_own_account() {
    let world = World::new().await;
    sign_up(&world, "joon@example.com").await.expect(201);
    let user = sign_up(&world, "mina@example.com").await.expect(201);
    let session = log_in(&world, "mina@example.com", PASSWORD).await.expect(200);
    let mut mina = world.anonymous();
    mina.token = Some(session.text("access_token"));
    let shown = json!({
        "user_id": user.text("user_id"),
        "email": "mina@example.com",
        "name": "Mina",
        "address_proven": false,
        "roles": [],
        "created_at": "2026-11-21T10:00:00.5Z",
    });
    assert_eq!(mina.get("/users/me").await.expect(200).body, shown);
}

#[tokio::test]
async fn a_valid_token_of_no_account_is_not_a_session() {
    let world = World::new().await;
    world.user().await.get("/users/me").await.expect_problem(401, "unauthorized");
}

#[tokio::test]
async fn without_a_token_the_gateway_answers() {
    let world = World::new().await;
    let reply = world.anonymous().get("/users/me").await.expect(401);
    assert_eq!(reply.body, json!({ "message": "Unauthorized" }));
}
