//! POST /coupons

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::World;

fn body(world: &World) -> Value {
    json!({
        "name": "Ten percent",
        "discount": { "kind": "percent", "value": 10, "max": 5_000 },
        "quantity": 5,
        "shards": 2,
        "valid_from": world.at(0).to_string(),
        "valid_until": world.at(60).to_string(),
    })
}

#[tokio::test]
async fn a_coupon_is_made_with_its_number_spread() {
    let world = World::new().await;
    let made = world.admin().await.post("/coupons", body(&world)).await.expect(201);
    let id = made.text("coupon_id");
    let shown = json!({
        "coupon_id": id, "name": "Ten percent", "discount": { "kind": "percent", "value": 10, "max": 5_000 },
        "currency": "KRW", "quantity": 5, "valid_from": "2026-11-21T10:00:00.5Z",
        "valid_until": "2026-11-21T10:01:00.5Z", "created_at": "2026-11-21T10:00:00.5Z",
    });
    assert_eq!(made.body, shown);
    assert_eq!(world.shards(&id), [3, 2]);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_makes_no_second_coupon() {
    let world = World::new().await;
    let (admin, key) = (world.admin().await, Uuid::from_u128(7));
    let first = admin.post_with_key("/coupons", body(&world), key).await.expect(201);
    let before = world.dump();
    let second = admin.post_with_key("/coupons", body(&world), key).await.expect(201);
    assert_eq!((second.replayed(), &second.body), (true, &first.body));
    for (field, value) in [("quantity", json!(6)), ("shards", json!(1)), ("name", json!("Other"))] {
        let mut other = body(&world);
        other[field] = value;
        admin.post_with_key("/coupons", other, key).await.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let before = world.dump();
    let discount = |kind: &str, value: Value, max: Value| json!({ "kind": kind, "value": value, "max": max });
    for (field, named, value) in [
        ("name", "name", json!("")),
        ("quantity", "quantity", json!(0)),
        ("quantity", "quantity", json!(1_000_001)),
        ("shards", "shards", json!(0)),
        ("shards", "shards", json!(17)),
        ("valid_until", "valid_until", json!(world.at(0).to_string())),
        ("valid_until", "valid_until", json!("tomorrow")),
        ("discount", "discount.kind", discount("half", json!(1), Value::Null)),
        ("discount", "discount.value", discount("percent", json!(0), Value::Null)),
        ("discount", "discount.value", discount("percent", json!(101), Value::Null)),
        ("discount", "discount.value", discount("percent", json!(1.5), Value::Null)),
        ("discount", "discount.value", discount("amount", json!(-1), Value::Null)),
        ("discount", "discount.value", discount("amount", json!(10_000_001), Value::Null)),
        ("discount", "discount.max", discount("percent", json!(10), json!(0))),
        ("discount", "discount.max", discount("amount", json!(10), json!(10))),
        ("discount", "discount", json!(["percent", 10, 1])),
    ] {
        let mut wrong = body(&world);
        wrong[field] = value;
        admin.post("/coupons", wrong).await.expect_invalid(named);
    }
    world.user().await.post("/coupons", body(&world)).await.expect_problem(403, "forbidden");
    assert_eq!(world.dump(), before);
}
