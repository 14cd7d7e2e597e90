//! POST /products/{product_id}/stock

use serde_json::json;
use uuid::Uuid;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn units_are_added_evenly_and_taken_from_where_they_are() {
    let world = World::new().await;
    let id = world.product_with(json!({ "stock": 3, "stock_shards": 3 })).await;
    let (path, admin) = (format!("/products/{id}/stock"), world.admin().await);
    let added = admin.post(&path, json!({ "delta": 7 })).await.expect(201);
    let shown = json!({
        "adjustment_id": added.text("adjustment_id"), "product_id": id, "delta": 7, "available": 10,
    });
    assert_eq!(added.body, shown);
    assert_eq!(world.shards(&id), [4, 3, 3]);
    // More than any one shard has.
    assert_eq!(admin.post(&path, json!({ "delta": -9 })).await.expect(201).body["available"], 1);
    let before = world.dump();
    let refused = admin.post(&path, json!({ "delta": -2 })).await.expect_problem(409, "out-of-stock");
    assert_eq!(refused.body.get("items"), None);
    assert_eq!(world.dump(), before);
    assert_eq!(admin.post(&path, json!({ "delta": -1 })).await.expect(201).body["available"], 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_changes_nothing() {
    let world = World::new().await;
    let (id, other) = (world.product(100, 5).await, world.product(100, 5).await);
    let (path, admin) = (format!("/products/{id}/stock"), world.admin().await);
    for (key, delta) in [(7, 4), (8, -9)] {
        let key = Uuid::from_u128(key);
        let first = admin.post_with_key(&path, json!({ "delta": delta }), key).await.expect(201);
        assert!(!first.replayed());
        let before = world.dump();
        let second = admin.post_with_key(&path, json!({ "delta": delta }), key).await.expect(201);
        assert_eq!((second.replayed(), &second.body), (true, &first.body));
        admin.post_with_key(&path, json!({ "delta": 1 }), key).await.expect_problem(422, "idempotency-key-reused");
        assert_eq!(world.dump(), before);
    }
    // The key of one product's change is free for another's.
    let path = format!("/products/{other}/stock");
    assert!(!admin.post_with_key(&path, json!({ "delta": 4 }), Uuid::from_u128(7)).await.expect(201).replayed());
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let world = World::new().await;
    let id = world.product(100, 5).await;
    let (path, admin) = (format!("/products/{id}/stock"), world.admin().await);
    let before = world.dump();
    for delta in [json!(0), json!(1_000_001), json!(-1_000_001), json!(1.5), json!("1"), json!(i64::MIN)] {
        admin.post(&path, json!({ "delta": delta })).await.expect_invalid("delta");
    }
    admin.post(&format!("/products/{NOBODY}/stock"), json!({ "delta": 1 })).await.expect_problem(404, "not-found");
    world.user().await.post(&path, json!({ "delta": 1 })).await.expect_problem(403, "forbidden");
    assert_eq!(world.dump(), before);
}
