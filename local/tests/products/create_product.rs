//! POST /products

use serde_json::json;
use uuid::Uuid;

use crate::support::World;
use crate::support::shop::order_of;

#[tokio::test]
async fn a_new_product_is_on_sale() {
    let world = World::new().await;
    let body = json!({ "name": "  Light stick ", "price": 25_000, "stock": 7, "stock_shards": 3 });
    let made = world.admin().await.post("/products", body).await.expect(201);
    let id = made.text("product_id");
    let shown = json!({
        "product_id": id, "name": "Light stick", "price": 25_000, "currency": "KRW", "state": "selling",
        "max_per_user": 10, "created_at": "2026-11-21T10:00:00.5Z",
    });
    assert_eq!(made.body, shown);
    assert_eq!(world.shards(&id), [3, 2, 2], "spread evenly");
    let listed = world.anonymous().get("/products").await.expect(200).body;
    assert_eq!(listed["items"][0]["product_id"], id.as_str());
    world.user_with(25_000).await.buy(&[(&id, 1)]).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_product_may_begin_with_nothing() {
    let world = World::new().await;
    let id = world.product(100, 0).await;
    assert_eq!(world.shards(&id), [0]);
    world.user().await.order(&[(&id, 1)]).await.expect_problem(409, "out-of-stock");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_makes_no_second_product() {
    let world = World::new().await;
    let (admin, key) = (world.admin().await, Uuid::from_u128(7));
    let body = json!({ "name": "Light stick", "price": 100, "stock": 5 });
    let first = admin.post_with_key("/products", body.clone(), key).await.expect(201);
    let id = first.text("product_id");
    world.user().await.order(&[(&id, 2)]).await.expect(201);
    let before = world.dump();
    let second = admin.post_with_key("/products", body, key).await.expect(201);
    assert_eq!((second.replayed(), &second.body), (true, &first.body));
    for other in [
        json!({ "name": "Light stick", "price": 101, "stock": 5 }),
        json!({ "name": "Light stick", "price": 100, "stock": 6 }),
        json!({ "name": "Light stick", "price": 100, "stock": 5, "stock_shards": 2 }),
        json!({ "name": "Light", "price": 100, "stock": 5 }),
        json!({ "name": "Light stick", "price": 100, "stock": 5, "max_per_user": 9 }),
    ] {
        admin.post_with_key("/products", other, key).await.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(world.dump(), before);
    // Later it answers the product as it is then.
    admin.patch(&format!("/products/{id}"), json!({ "price": 90 })).await.expect(200);
    let body = json!({ "name": "Light stick", "price": 100, "stock": 5 });
    assert_eq!(admin.post_with_key("/products", body, key).await.expect(201).body["price"], 90);
}

#[tokio::test]
async fn what_is_out_of_range_is_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let before = world.dump();
    let long = "a".repeat(61);
    for (field, value) in [
        ("name", json!("")),
        ("name", json!(long)),
        ("name", json!("a\u{1f}b")),
        ("name", json!("\u{3164}")),
        ("price", json!(-1)),
        ("price", json!(10_000_001)),
        ("stock", json!(-1)),
        ("stock", json!(1_000_001)),
        ("stock", json!(1.5)),
        ("stock_shards", json!(0)),
        ("stock_shards", json!(17)),
        ("max_per_user", json!(0)),
        ("max_per_user", json!(101)),
    ] {
        let mut body = json!({ "name": "Light stick", "price": 100, "stock": 5 });
        body[field] = value;
        admin.post("/products", body).await.expect_invalid(field);
    }
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn a_product_for_nothing_is_ordered_for_nothing() {
    let world = World::new().await;
    let id = world.product(0, 1).await;
    let mina = world.user_with(0).await;
    let order = mina.post("/orders", order_of(&[(&id, 1)], true)).await.expect(201);
    assert_eq!((&order.body["total"], &order.body["state"]), (&json!(0), &json!("paid")));
    world.check_invariants().await;
}
