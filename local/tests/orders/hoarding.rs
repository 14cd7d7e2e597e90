//! Units that an account orders and does not pay: how many it may have, and how often.

use axum::http::header;
use serde_json::json;
use uuid::Uuid;

use crate::support::shop::order_of;
use crate::support::{Reply, World, concurrently};

/// After how many seconds a pause is over.
#[track_caller]
fn pause(refused: &Reply) -> i64 {
    let header = refused.headers[header::RETRY_AFTER].to_str().expect("text");
    header.parse().expect("seconds")
}

/// The account had ten orders of a hundred units each, all that there were, and paid for none.
#[tokio::test]
async fn one_account_has_no_more_of_a_product_unpaid_than_its_limit() {
    let world = World::new().await;
    let product = world.product_with(json!({ "stock": 1_000, "max_per_user": 10 })).await;
    let hoarder = world.user().await;
    for _ in 0..10 {
        let refused = hoarder.order(&[(&product, 100)]).await.expect_problem(409, "product-limit");
        assert_eq!(refused.body["items"], json!([product]));
    }
    hoarder.order(&[(&product, 6)]).await.expect(201);
    let last = hoarder.order(&[(&product, 4)]).await.expect(201).order();
    hoarder.order(&[(&product, 1)]).await.expect_problem(409, "product-limit");
    assert_eq!(world.units_left(&product), 990, "the rest is for others");
    world.user().await.order(&[(&product, 10)]).await.expect(201);
    hoarder.delete(&format!("/orders/{last}")).await.expect(200);
    hoarder.order(&[(&product, 5)]).await.expect_problem(409, "product-limit");
    hoarder.order(&[(&product, 4)]).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_product_that_says_nothing_has_a_limit_of_ten() {
    let world = World::new().await;
    let body = json!({ "name": "Pin", "price": 50, "stock": 100 });
    let product = world.admin().await.post("/products", body).await.expect(201).text("product_id");
    let mina = world.user_with(10_000).await;
    mina.order(&[(&product, 10)]).await.expect(201);
    mina.order(&[(&product, 1)]).await.expect_problem(409, "product-limit");
    // Also an order that is paid at once: no single one has more. What is paid counts no more.
    mina.buy(&[(&product, 11)]).await.expect_problem(409, "product-limit");
    for _ in 0..3 {
        mina.buy(&[(&product, 10)]).await.expect(201);
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn units_count_until_they_are_paid_declined_or_lapse() {
    let world = World::new().await;
    let product = world.product_with(json!({ "stock": 100, "max_per_user": 2 })).await;
    let mina = world.user_with(2_000).await;
    let paid = mina.order(&[(&product, 2)]).await.expect(201).order();
    mina.order(&[(&product, 1)]).await.expect_problem(409, "product-limit");
    mina.pay_order(&paid).await.expect(201);
    let lapsing = mina.order(&[(&product, 2)]).await.expect(201).order();
    world.wait(302);
    // Nobody has swept: what has lapsed is closed on the spot.
    let declined = mina.order(&[(&product, 2)]).await.expect(201).order();
    assert_eq!(mina.order_state(&lapsing).await, "expired");
    mina.pay_order(&declined).await.expect(402);
    mina.order(&[(&product, 1)]).await.expect_problem(409, "product-limit");
    mina.delete(&format!("/orders/{declined}")).await.expect(200);
    world.stack.drain_events().await.expect("settled");
    mina.order(&[(&product, 2)]).await.expect(201);
    // A refund gives back what was paid, which counted no more.
    mina.refund_order(&paid).await.expect(200);
    mina.order(&[(&product, 1)]).await.expect_problem(409, "product-limit");
    world.check_invariants().await;
}

#[tokio::test]
async fn ten_orders_may_wait_and_no_more() {
    let world = World::new().await;
    let product = world.product(10, 100).await;
    let mina = world.user_with(1_000).await;
    let mut orders = Vec::new();
    for _ in 0..10 {
        orders.push(mina.order(&[(&product, 1)]).await.expect(201).order());
    }
    mina.order(&[(&product, 1)]).await.expect_problem(409, "order-limit");
    mina.buy(&[(&product, 1)]).await.expect(201);
    mina.pay_order(&orders[3]).await.expect(201);
    mina.order(&[(&product, 1)]).await.expect(201);
    mina.order(&[(&product, 1)]).await.expect_problem(409, "order-limit");
    world.check_invariants().await;
}

#[tokio::test]
async fn many_devices_of_one_account_keep_the_limit_together() {
    let world = World::new().await;
    let product = world.product_with(json!({ "stock": 100, "stock_shards": 8, "max_per_user": 7 })).await;
    let mina = world.user().await;
    let replies = concurrently(0..20_u128, |number| {
        let (mina, body) = (mina.clone(), order_of(&[(&product, 1)], false));
        async move { mina.post_until_answered("/orders", body, Uuid::from_u128(number + 1)).await }
    });
    let replies = replies.await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 7);
    for refused in replies.into_iter().filter(|reply| reply.status != 201) {
        refused.expect_problem(409, "product-limit");
    }
    assert_eq!(world.units_left(&product), 93);
    world.check_invariants().await;
}

#[tokio::test]
async fn another_limit_binds_new_orders_and_leaves_what_was_placed() {
    let world = World::new().await;
    let product = world.product_with(json!({ "stock": 100, "max_per_user": 5 })).await;
    let (mina, admin) = (world.user_with(10_000).await, world.admin().await);
    let placed = mina.order(&[(&product, 5)]).await.expect(201).order();
    admin.patch(&format!("/products/{product}"), json!({ "max_per_user": 2 })).await.expect(200);
    mina.order(&[(&product, 1)]).await.expect_problem(409, "product-limit");
    mina.pay_order(&placed).await.expect(201);
    mina.order(&[(&product, 3)]).await.expect_problem(409, "product-limit");
    mina.order(&[(&product, 2)]).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn who_lets_orders_lapse_waits_longer_each_time() {
    let world = World::new().await;
    let (product, other) = (world.product(10, 100).await, world.product(10, 100).await);
    let mut mina = world.user_with(1_000).await;
    let mut pauses = Vec::new();
    for round in 0..6 {
        mina = world.with_fresh_token(&mina).await;
        let ordered = mina.order(&[(&product, 1)]).await.expect(201).order();
        world.wait(302);
        // Whoever notices it, it counts once.
        match round % 3 {
            0 => drop(world.stack.run_schedule("run_expiry").await.expect("swept")),
            1 => assert_eq!(mina.order_state(&ordered).await, "expired"),
            _ => drop(mina.delete(&format!("/orders/{ordered}")).await.expect(200)),
        }
        world.stack.run_schedule("run_expiry").await.expect("swept");
        let refused = mina.order(&[(&other, 1)]).await;
        pauses.push(if refused.status == 429 { pause(&refused) } else { 0 });
        match refused.status.as_u16() {
            429 => {
                refused.expect_problem(429, "too-many-lapses");
                // What is paid at once holds nothing back from anybody.
                mina.buy(&[(&other, 1)]).await.expect(201);
                world.wait(*pauses.last().expect("one"));
            }
            _ => drop(mina.delete(&format!("/orders/{}", refused.expect(201).order())).await.expect(200)),
        }
    }
    // Two seconds of each pause were over when it was told.
    assert_eq!(pauses, [0, 58, 118, 238, 478, 958]);
    mina = world.with_fresh_token(&mina).await;
    let paid = mina.order(&[(&product, 1)]).await.expect(201).order();
    mina.pay_order(&paid).await.expect(201);
    mina.order(&[(&product, 1)]).await.expect(201);
    world.wait(302);
    mina.order(&[(&product, 1)]).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_repeat_of_what_succeeded_is_a_success_within_a_pause() {
    let world = World::new().await;
    let product = world.product(10, 100).await;
    let mina = world.user().await;
    let body = order_of(&[(&product, 1)], false);
    for number in 1..3 {
        mina.post_with_key("/orders", body.clone(), Uuid::from_u128(number)).await.expect(201);
        world.wait(302);
    }
    let refused = mina.post_with_key("/orders", body.clone(), Uuid::from_u128(3)).await;
    refused.expect_problem(429, "too-many-lapses");
    assert!(mina.post_with_key("/orders", body.clone(), Uuid::from_u128(2)).await.expect(201).replayed());
    world.wait(60);
    assert!(!mina.post_with_key("/orders", body, Uuid::from_u128(3)).await.expect(201).replayed());
    world.check_invariants().await;
}
