//! DELETE /sessions

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::{MINA, device, sign_up};
use crate::support::World;

#[tokio::test]
async fn a_session_ends_and_the_others_go_on() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (phone, of_phone) = device(&world).await;
    let (laptop, of_laptop) = device(&world).await;
    assert!(phone.delete("/sessions").await.expect(204).bytes.is_empty());
    // Again is the same success.
    phone.delete("/sessions").await.expect(204);
    let refresh = |token: &str| json!({ "refresh_token": token });
    phone.post("/sessions/refresh", refresh(&of_phone)).await.expect_problem(401, "session-ended");
    laptop.post("/sessions/refresh", refresh(&of_laptop)).await.expect(200);
    // What the access token still opens ends with it.
    phone.get("/users/me").await.expect(200);
    world.wait(910);
    phone.get("/users/me").await.expect(403);
}

#[tokio::test]
async fn nobody_is_logged_out_without_a_token() {
    let world = World::new().await;
    let reply = world.anonymous().delete("/sessions").await.expect(401);
    assert_eq!(reply.body, json!({ "message": "Unauthorized" }));
}

#[tokio::test]
async fn a_page_forgets_its_cookie() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (phone, _) = device(&world).await;
    assert!(!phone.delete("/sessions").await.expect(204).headers.contains_key("set-cookie"));
    let request = Request::builder().method("DELETE").uri("/sessions").header("cookie", "__Host-refresh=x");
    let reply = phone.send(request.body(Body::empty()).expect("a request")).await.expect(204);
    let forgotten = "__Host-refresh=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure";
    assert_eq!(reply.headers["set-cookie"], forgotten);
}
