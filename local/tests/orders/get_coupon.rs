//! GET /coupons/{coupon_id}

use serde_json::json;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn a_coupon_is_shown_with_how_many_are_left() {
    let world = World::new().await;
    let id = world.coupon_with(json!({ "quantity": 3, "shards": 2 })).await;
    let (path, anybody) = (format!("/coupons/{id}"), world.anonymous());
    let reply = anybody.get(&path).await.expect(200);
    assert_eq!((&reply.body["quantity"], &reply.body["remaining"]), (&json!(3), &json!(3)));
    assert_eq!(reply.headers["cache-control"], "public, max-age=1");
    world.user().await.claim(&id).await.expect(201);
    assert_eq!(anybody.get(&path).await.expect(200).body["remaining"], 3, "for a second it may be as it was");
    world.wait(1);
    let reply = anybody.get(&path).await.expect(200);
    assert_eq!(reply.body["remaining"], 2);
    let tag = reply.headers["etag"].to_str().expect("text");
    anybody.get_with(&path, "if-none-match", tag).await.expect(304);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    world.anonymous().get(&format!("/coupons/{NOBODY}")).await.expect_problem(404, "not-found");
}
