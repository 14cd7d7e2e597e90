//! GET /concerts/{concert_id}

use serde_json::json;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn everybody_may_read_a_concert() {
    let world = World::new().await;
    let body = json!({ "name": "Concert", "description": "What it is" });
    let created = world.admin().await.post("/concerts", body).await.expect(201);
    let path = format!("/concerts/{}", created.text("concert_id"));
    assert_eq!(world.anonymous().get(&path).await.expect(200).body, created.body);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    world.anonymous().get(&format!("/concerts/{NOBODY}")).await.expect_problem(404, "not-found");
    world.anonymous().get("/concerts/x").await.expect_invalid("concert_id");
}
