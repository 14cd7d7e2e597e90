//! GET /products/{product_id}

use serde_json::json;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn a_product_is_shown_with_its_stock_in_any_state() {
    let world = World::new().await;
    let id = world.product_with(json!({ "stock": 10, "stock_shards": 4, "price": 500 })).await;
    let (path, anybody) = (format!("/products/{id}"), world.anonymous());
    let shown = json!({
        "product_id": id, "name": "Light stick", "price": 500, "max_per_user": 100, "currency": "KRW", "state": "selling",
        "created_at": "2026-11-21T10:00:00.5Z", "available": 10,
    });
    let reply = anybody.get(&path).await.expect(200);
    assert_eq!(reply.body, shown);
    assert_eq!(reply.headers["cache-control"], "public, max-age=1");
    let tag = reply.headers["etag"].to_str().expect("text");
    assert!(anybody.get_with(&path, "if-none-match", tag).await.expect(304).bytes.is_empty());
    world.user().await.order(&[(&id, 3)]).await.expect(201);
    world.admin().await.patch(&path, json!({ "state": "stopped" })).await.expect(200);
    assert_eq!(anybody.get(&path).await.expect(200).body, shown, "for a second it may be as it was");
    world.wait(1);
    let now = anybody.get(&path).await.expect(200).body;
    assert_eq!((&now["available"], &now["state"]), (&json!(7), &json!("stopped")));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    world.anonymous().get(&format!("/products/{NOBODY}")).await.expect_problem(404, "not-found");
    world.anonymous().get("/products/poster").await.expect_invalid("product_id");
}
