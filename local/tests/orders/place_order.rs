//! POST /orders

use serde_json::{Value, json};
use uuid::Uuid;

use super::NOBODY;
use crate::support::World;
use crate::support::shop::order_of;

#[tokio::test]
async fn an_order_is_paid_in_the_same_step() {
    let world = World::new().await;
    let (light, book) = (world.product(1_000, 5).await, world.product_with(json!({ "name": "Book" })).await);
    let mina = world.user_with(5_000).await;
    let placed = mina.buy(&[(&light, 2), (&book, 1), (&light, 1)]).await.expect(201);
    let id = placed.order();
    let line = |product: &str, name: &str, quantity: i64| {
        let amount = 1_000 * quantity;
        json!({ "product_id": product, "name": name, "price": 1_000, "quantity": quantity, "amount": amount })
    };
    let shown = json!({
        "order_id": id, "state": "paid", "created_at": "2026-11-21T10:00:00.5Z",
        "expires_at": "2026-11-21T10:05:01Z",
        "items": [line(&light, "Light stick", 3), line(&book, "Book", 1)],
        "subtotal": 4_000, "discount": 0, "total": 4_000, "currency": "KRW", "payment_id": format!("ord-{id}"),
    });
    assert_eq!(placed.body, shown);
    assert_eq!((world.units_left(&light), world.units_left(&book), mina.balance().await), (2, 9, 1_000));
    let entries = mina.pages("/wallet/entries", 10).await;
    assert_eq!((&entries[0]["amount"], &entries[0]["ref"]), (&json!(-4_000), &json!(format!("ord-{id}"))));
    // Paid is paid: neither time nor the sweep changes it.
    world.wait(600);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(mina.get(&format!("/orders/{id}")).await.expect(200).body, shown);
    world.check_invariants().await;
}

#[tokio::test]
async fn an_order_that_is_not_paid_holds_its_units() {
    let world = World::new().await;
    let product = world.product(1_000, 3).await;
    let (mina, joon) = (world.user().await, world.user().await);
    let placed = mina.order(&[(&product, 2)]).await.expect(201);
    assert_eq!((&placed.body["state"], placed.body.get("payment_id")), (&json!("pending"), None));
    let refused = joon.order(&[(&product, 2)]).await.expect_problem(409, "out-of-stock");
    assert_eq!(refused.body["items"], json!([product]));
    joon.order(&[(&product, 1)]).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn units_come_from_several_shards_and_none_is_stranded() {
    let world = World::new().await;
    let product = world.product_with(json!({ "stock": 10, "stock_shards": 4 })).await;
    let mina = world.user_with(10_000).await;
    // No shard has more than three.
    let seven = mina.order(&[(&product, 7)]).await.expect(201).order();
    assert_eq!(world.units_left(&product), 3);
    mina.order(&[(&product, 4)]).await.expect_problem(409, "out-of-stock");
    mina.buy(&[(&product, 3)]).await.expect(201);
    assert_eq!(world.shards(&product), [0, 0, 0, 0]);
    mina.delete(&format!("/orders/{seven}")).await.expect(200);
    assert_eq!(world.units_left(&product), 7);
    world.check_invariants().await;
}

#[tokio::test]
async fn one_thing_that_fails_leaves_nothing_of_the_rest() {
    let world = World::new().await;
    let (there, short, stopped) =
        (world.product(1_000, 5).await, world.product(1_000, 1).await, world.product(1_000, 5).await);
    world.admin().await.patch(&format!("/products/{stopped}"), json!({ "state": "stopped" })).await.expect(200);
    let (mina, poor) = (world.user_with(100_000).await, world.user_with(999).await);
    let before = world.dump();
    for pay in [true, false] {
        let refused = mina.post("/orders", order_of(&[(&there, 1), (&short, 2)], pay)).await;
        assert_eq!(refused.expect_problem(409, "out-of-stock").body["items"], json!([short]));
        let refused = mina.post("/orders", order_of(&[(&there, 1), (&short, 2), (&stopped, 1)], pay)).await;
        assert_eq!(refused.expect_problem(409, "not-selling").body["items"], json!([stopped]));
        let refused = mina.post("/orders", order_of(&[(&there, 1), (NOBODY, 1)], pay)).await;
        refused.expect_problem(404, "not-found");
    }
    poor.buy(&[(&there, 1)]).await.expect_problem(402, "insufficient-balance");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn without_a_wallet_it_is_not_paid() {
    let world = World::new().await;
    let product = world.product(1_000, 5).await;
    let mina = world.user().await;
    let before = world.dump();
    mina.buy(&[(&product, 1)]).await.expect_problem(404, "no-wallet");
    assert_eq!(world.dump(), before);
    mina.order(&[(&product, 1)]).await.expect(201);
}

#[tokio::test]
async fn a_refused_order_is_not_remembered_under_its_key() {
    let world = World::new().await;
    let product = world.product(1_000, 1).await;
    let poor = world.user_with(10).await;
    let (body, key) = (order_of(&[(&product, 1)], true), Uuid::from_u128(7));
    poor.post_with_key("/orders", body.clone(), key).await.expect_problem(402, "insufficient-balance");
    poor.post("/wallet/charges", json!({ "amount": 990 })).await.expect(201);
    assert!(!poor.post_with_key("/orders", body, key).await.expect(201).replayed());
    world.check_invariants().await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_orders_nothing() {
    let world = World::new().await;
    let product = world.product(1_000, 1).await;
    let (mina, joon, key) = (world.user_with(1_000).await, world.user_with(1_000).await, Uuid::from_u128(7));
    let body = order_of(&[(&product, 1)], true);
    let first = mina.post_with_key("/orders", body.clone(), key).await.expect(201);
    let before = world.dump();
    // Though stock and money are gone.
    let second = mina.post_with_key("/orders", body.clone(), key).await.expect(201);
    assert_eq!((second.replayed(), &second.body), (true, &first.body));
    for other in [order_of(&[(&product, 2)], true), order_of(&[(&product, 1)], false), order_of(&[(NOBODY, 1)], true)] {
        mina.post_with_key("/orders", other, key).await.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(world.dump(), before);
    joon.post_with_key("/orders", body.clone(), key).await.expect_problem(409, "out-of-stock");
    // Later it answers the order as it is then.
    mina.refund_order(&first.order()).await.expect(200);
    let later = mina.post_with_key("/orders", body.clone(), key).await.expect(201);
    assert_eq!((later.replayed(), &later.body["state"]), (true, &json!("cancelled")));
    joon.post_with_key("/orders", body, key).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn lines_of_one_product_are_one_request() {
    let world = World::new().await;
    let product = world.product(10, 500).await;
    let (mina, key) = (world.user().await, Uuid::from_u128(7));
    mina.post_with_key("/orders", order_of(&[(&product, 1), (&product, 2)], false), key).await.expect(201);
    let same = mina.post_with_key("/orders", order_of(&[(&product, 3)], false), key).await.expect(201);
    assert!(same.replayed());
}

#[tokio::test]
async fn the_same_lines_in_another_order_are_the_same_request() {
    let world = World::new().await;
    let (light, book) = (world.product(1_000, 5).await, world.product(2_000, 5).await);
    let (mina, key) = (world.user_with(10_000).await, Uuid::from_u128(7));
    let first = mina.post_with_key("/orders", order_of(&[(&light, 2), (&book, 1)], true), key).await.expect(201);
    for lines in [&[(book.as_str(), 1), (light.as_str(), 2)][..], &[(&light, 1), (&book, 1), (&light, 1)]] {
        let same = mina.post_with_key("/orders", order_of(lines, true), key).await.expect(201);
        assert_eq!((same.replayed(), &same.body), (true, &first.body));
    }
    let other = order_of(&[(&book, 2), (&light, 1)], true);
    mina.post_with_key("/orders", other, key).await.expect_problem(422, "idempotency-key-reused");
    assert_eq!(mina.balance().await, 6_000);
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let world = World::new().await;
    let product = world.product(10_000_000, 500).await;
    let cheap = world.product(1, 500).await;
    let mina = world.user_with(1_000).await;
    let before = world.dump();
    let line = |quantity: Value| json!({ "items": [{ "product_id": product, "quantity": quantity }], "pay": false });
    for quantity in [json!(0), json!(-1), json!(101), json!(i64::MAX)] {
        mina.post("/orders", line(quantity)).await.expect_invalid("items[0].quantity");
    }
    for quantity in [json!(1.5), json!("1"), json!(9_223_372_036_854_775_808_u64), json!(null), json!([1])] {
        mina.post("/orders", line(quantity)).await.expect_invalid("items[0].quantity");
    }
    for lines in [vec![], vec![(cheap.as_str(), 1); 21], vec![(cheap.as_str(), 60); 2]] {
        mina.order(&lines).await.expect_invalid("items");
    }
    // More than may be paid at once, however it is summed.
    mina.order(&[(&product, 2)]).await.expect_invalid("items");
    mina.order(&[(&product, 1), (&cheap, 1)]).await.expect_invalid("items");
    mina.post("/orders", json!({ "items": [], "pay": false, "total": 1 })).await.expect_invalid("body");
    mina.post("/orders", json!({ "items": [[product, 1]], "pay": false })).await.expect_invalid("items[0]");
    assert_eq!(world.dump(), before);
    mina.order(&[(&product, 1)]).await.expect(201);
}

#[tokio::test]
async fn twenty_lines_are_one_order() {
    let world = World::new().await;
    let mut products = Vec::new();
    for number in 0..20 {
        products.push(world.product_with(json!({ "name": format!("Product {number}"), "price": 10 })).await);
    }
    let lines: Vec<(&str, i64)> = products.iter().map(|product| (product.as_str(), 2)).collect();
    let mina = world.user_with(400).await;
    let order = mina.buy(&lines).await.expect(201);
    assert_eq!((&order.body["total"], mina.balance().await), (&json!(400), 0));
    mina.refund_order(&order.order()).await.expect(200);
    assert!(products.iter().all(|product| world.units_left(product) == 10));
    world.check_invariants().await;
}

#[tokio::test]
async fn what_lies_in_too_many_places_is_refused() {
    let world = World::new().await;
    let mut products = Vec::new();
    for number in 0..6 {
        let change = json!({ "name": format!("Product {number}"), "price": 1, "stock": 16, "stock_shards": 16 });
        products.push(world.product_with(change).await);
    }
    let lines: Vec<(&str, i64)> = products.iter().map(|product| (product.as_str(), 16)).collect();
    let mina = world.user_with(1_000).await;
    let before = world.dump();
    mina.buy(&lines).await.expect_invalid("items");
    assert_eq!(world.dump(), before);
    // Eighty shards at once, and all of them back.
    let order = mina.buy(&lines[..5]).await.expect(201).order();
    assert_eq!(world.units_left(&products[0]), 0);
    mina.refund_order(&order).await.expect(200);
    assert_eq!(world.units_left(&products[4]), 16);
    world.check_invariants().await;
}
