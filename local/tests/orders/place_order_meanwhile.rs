//! POST /orders, while something changes between what is read and what is written

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::recorder::Gate;
use crate::support::{Person, Reply, World};

/// Orders two units and lets `change` happen after everything was read and before anything is written.
async fn ordered_while(world: &World, buyer: &Person, product: &str, change: impl AsyncFnOnce()) -> Reply {
    let gate = Arc::new(Gate::before("place_order", "TransactWriteItems"));
    world.stack.intercept(Some(gate.clone()));
    let ordering = tokio::spawn({
        let (buyer, product) = (buyer.clone(), product.to_owned());
        async move { buyer.buy(&[(&product, 2)]).await }
    });
    gate.reached().await;
    change().await;
    gate.open();
    let reply = ordering.await.expect("no panic");
    world.stack.intercept(None);
    reply
}

#[tokio::test]
async fn a_new_price_is_not_missed() {
    let world = World::new().await;
    let product = world.product(1_000, 5).await;
    let (admin, mina) = (world.admin().await, world.user_with(10_000).await);
    let path = format!("/products/{product}");
    for price in [2_000, 500] {
        let change = async || drop(admin.patch(&path, json!({ "price": price })).await.expect(200));
        let refused = ordered_while(&world, &mina, &product, change).await.expect_problem(409, "price-changed");
        assert_eq!(refused.body["items"], json!([product]));
    }
    assert_eq!((mina.balance().await, world.units_left(&product)), (10_000, 5));
    // Ordering again is ordering at the new price.
    assert_eq!(mina.buy(&[(&product, 2)]).await.expect(201).body["total"], 1_000);
    world.check_invariants().await;
}

#[tokio::test]
async fn the_end_of_the_sale_is_not_missed() {
    let world = World::new().await;
    let product = world.product(1_000, 5).await;
    let (admin, mina) = (world.admin().await, world.user_with(10_000).await);
    let path = format!("/products/{product}");
    // Of two reasons the first is told.
    let change = async || drop(admin.patch(&path, json!({ "state": "stopped", "price": 7 })).await.expect(200));
    let refused = ordered_while(&world, &mina, &product, change).await.expect_problem(409, "not-selling");
    assert_eq!(refused.body["items"], json!([product]));
    assert_eq!((mina.balance().await, world.units_left(&product)), (10_000, 5));
    world.check_invariants().await;
}

#[tokio::test]
async fn units_that_went_to_another_are_not_sold_twice() {
    let world = World::new().await;
    let product = world.product_with(json!({ "price": 1_000, "stock": 6, "stock_shards": 3 })).await;
    let (joon, mina) = (world.user().await, world.user_with(10_000).await);
    // What is left is found, wherever it lies.
    let stack = &world.stack;
    let change = async || {
        stack.intercept(None);
        joon.order(&[(&product, 4)]).await.expect(201);
    };
    let bought = ordered_while(&world, &mina, &product, change).await.expect(201);
    assert_eq!((&bought.body["total"], world.units_left(&product)), (&json!(2_000), 0));
    world.check_invariants().await;
}

#[tokio::test]
async fn money_that_was_spent_meanwhile_is_not_spent_twice() {
    let world = World::new().await;
    let (product, other) = (world.product(1_000, 5).await, world.product(1_500, 5).await);
    let mina = world.user_with(2_000).await;
    let stack = &world.stack;
    let change = async || {
        stack.intercept(None);
        mina.buy(&[(&other, 1)]).await.expect(201);
    };
    let refused = ordered_while(&world, &mina, &product, change).await;
    refused.expect_problem(402, "insufficient-balance");
    assert_eq!((mina.balance().await, world.units_left(&product)), (500, 5));
    let orders: Vec<Value> = mina.pages("/orders", 100).await;
    assert_eq!(orders.len(), 1);
    world.check_invariants().await;
}
