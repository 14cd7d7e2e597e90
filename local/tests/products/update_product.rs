//! PATCH /products/{product_id}

use serde_json::json;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn what_is_named_changes_and_the_rest_stays() {
    let world = World::new().await;
    let id = world.product_with(json!({ "stock": 8, "stock_shards": 3 })).await;
    let (path, admin) = (format!("/products/{id}"), world.admin().await);
    let named = admin.patch(&path, json!({ "name": "Lamp" })).await.expect(200).body;
    assert_eq!((&named["name"], &named["price"], &named["state"]), (&json!("Lamp"), &json!(1_000), &json!("selling")));
    let priced = admin.patch(&path, json!({ "price": 7, "state": "hold" })).await.expect(200).body;
    assert_eq!((&priced["name"], &priced["price"], &priced["state"]), (&json!("Lamp"), &json!(7), &json!("hold")));
    let limited = admin.patch(&path, json!({ "max_per_user": 3 })).await.expect(200).body;
    assert_eq!((&limited["price"], &limited["max_per_user"]), (&json!(7), &json!(3)));
    let before = world.dump();
    for nothing in [json!({}), json!({ "price": 7 }), json!({ "name": "Lamp", "price": 7, "state": "hold" })] {
        assert_eq!(admin.patch(&path, nothing).await.expect(200).body, limited);
    }
    assert_eq!(world.dump(), before, "what is so already is not written");
    assert_eq!(world.units_left(&id), 8);
    world.check_invariants().await;
}

#[tokio::test]
async fn orders_know_the_new_terms_at_once_and_keep_their_own() {
    let world = World::new().await;
    let id = world.product(1_000, 10).await;
    let (path, admin, mina) = (format!("/products/{id}"), world.admin().await, world.user_with(10_000).await);
    let before = mina.order(&[(&id, 2)]).await.expect(201);
    admin.patch(&path, json!({ "price": 3_000, "name": "Lamp" })).await.expect(200);
    let after = mina.order(&[(&id, 1)]).await.expect(201);
    assert_eq!((&before.body["total"], &after.body["total"]), (&json!(2_000), &json!(3_000)));
    assert_eq!(mina.pay_order(&before.order()).await.expect(201).body["amount"], 2_000);
    let shown = mina.get(&format!("/orders/{}", before.order())).await.expect(200).body;
    assert_eq!(shown["items"][0]["name"], "Light stick");
    for state in ["hold", "stopped"] {
        admin.patch(&path, json!({ "state": state })).await.expect(200);
        let refused = mina.buy(&[(&id, 1)]).await.expect_problem(409, "not-selling");
        assert_eq!(refused.body["items"], json!([id]));
    }
    // What was ordered may be paid, and given back, also when nothing more is sold.
    mina.pay_order(&after.order()).await.expect(201);
    mina.refund_order(&before.order()).await.expect(200);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let world = World::new().await;
    let id = world.product(1_000, 1).await;
    let (path, admin) = (format!("/products/{id}"), world.admin().await);
    let before = world.dump();
    for (field, value) in [
        ("name", json!(" ")),
        ("price", json!(-1)),
        ("state", json!("gone")),
        ("state", json!("")),
        ("max_per_user", json!(101)),
    ] {
        admin.patch(&path, json!({ field: value })).await.expect_invalid(field);
    }
    admin.patch(&path, json!({ "stock": 5 })).await.expect_invalid("body");
    admin.patch(&format!("/products/{NOBODY}"), json!({ "price": 1 })).await.expect_problem(404, "not-found");
    world.user().await.patch(&path, json!({ "price": 1 })).await.expect_problem(403, "forbidden");
    assert_eq!(world.dump(), before);
}
