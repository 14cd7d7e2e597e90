//! GET /users/me/sessions

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::{MINA, PASSWORD, device, sign_up};
use crate::support::World;

#[tokio::test]
async fn a_user_sees_where_the_account_is_logged_in() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (first, token) = device(&world).await;
    world.wait(60);
    let agent = format!("Browser/1.0 {}", "x".repeat(300));
    let request = Request::post("/sessions").header("content-type", "application/json").header("user-agent", &agent);
    let body = json!({ "email": MINA, "password": PASSWORD }).to_string();
    let request = request.body(Body::from(body)).expect("a request");
    world.anonymous().send(request).await.expect(200);
    world.wait(60);
    let refresh = json!({ "refresh_token": token });
    world.anonymous().post("/sessions/refresh", refresh).await.expect(200);
    let items = first.get("/users/me/sessions").await.expect(200).body["items"].clone();
    let shown = |index: usize, name: &str| items[index][name].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(2));
    assert_eq!((shown(0, "current"), shown(1, "current")), (json!(false), json!(true)));
    assert_eq!((shown(0, "agent"), shown(1, "agent")), (json!(agent[..200]), json!("")));
    assert_eq!(shown(0, "source"), "127.0.0.1");
    assert_eq!((shown(1, "began_at"), shown(1, "refreshed_at")), (json!(world.at(-120)), json!(world.at(0))));
    assert_eq!(shown(1, "ends_at"), "2026-12-21T10:00:00Z");
    let whole = first.get("/users/me/sessions").await.expect(200).bytes;
    assert!(!String::from_utf8_lossy(&whole).contains("digest") && !String::from_utf8_lossy(&whole).contains("pepper"));
    assert_eq!(first.pages("/users/me/sessions", 1).await.len(), 2);
    // After thirty days it is over.
    world.wait(30 * 86_400 - 121);
    let (third, _) = device(&world).await;
    assert_eq!(third.pages("/users/me/sessions", 100).await.len(), 3);
    world.wait(2);
    assert_eq!(third.pages("/users/me/sessions", 100).await.len(), 2);
}

#[tokio::test]
async fn nobody_sees_those_of_others() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    device(&world).await;
    sign_up(&world, "joon@example.com").await.expect(201);
    let session = super::log_in(&world, "joon@example.com", PASSWORD).await.expect(200);
    let mut joon = world.anonymous();
    joon.token = Some(session.text("access_token"));
    assert_eq!(joon.pages("/users/me/sessions", 100).await.len(), 1);
    world.user().await.get("/users/me/sessions").await.expect_problem(401, "unauthorized");
    joon.get("/users/me/sessions?limit=101").await.expect_problem(400, "invalid-request");
    joon.get("/users/me/sessions?cursor=x").await.expect_problem(400, "invalid-request");
}
