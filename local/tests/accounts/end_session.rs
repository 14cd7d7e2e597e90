//! DELETE /users/me/sessions/{session_id}

use serde_json::json;

use super::{MINA, PASSWORD, device, log_in, sign_up};
use crate::support::World;

#[tokio::test]
async fn a_lost_device_is_logged_out_and_no_other() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (lost, lost_token) = device(&world).await;
    world.wait(1);
    let (own, own_token) = device(&world).await;
    let all = own.pages("/users/me/sessions", 100).await;
    let of_lost = all.iter().find(|session| session["current"] == false).expect("another");
    let path = format!("/users/me/sessions/{}", of_lost["session_id"].as_str().expect("an id"));
    // Somebody else cannot end it, and is told nothing.
    sign_up(&world, "joon@example.com").await.expect(201);
    let mut joon = world.anonymous();
    joon.token = Some(log_in(&world, "joon@example.com", PASSWORD).await.expect(200).text("access_token"));
    joon.delete(&path).await.expect(204);
    assert_eq!(own.pages("/users/me/sessions", 100).await.len(), 2);
    for _ in 0..2 {
        own.delete(&path).await.expect(204);
    }
    let refresh = |token: &str| json!({ "refresh_token": token });
    world.anonymous().post("/sessions/refresh", refresh(&lost_token)).await.expect_problem(401, "session-ended");
    world.anonymous().post("/sessions/refresh", refresh(&own_token)).await.expect(200);
    // Its access token lasts to its end.
    lost.get("/users/me").await.expect(200);
    own.delete("/users/me/sessions/this-one").await.expect_problem(400, "invalid-request");
}
