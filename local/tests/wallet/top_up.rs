//! POST /wallet/charges

use serde_json::json;
use uuid::Uuid;

use crate::support::World;

#[tokio::test]
async fn money_is_put_in() {
    let world = World::new().await;
    let mina = world.user_with(0).await;
    let reply = mina.post("/wallet/charges", json!({ "amount": 1_500 })).await.expect(201);
    let shown = json!({ "charge_id": reply.text("charge_id"), "balance": 1_500, "currency": "KRW" });
    assert_eq!(reply.body, shown);
    let reply = mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect(201);
    assert_eq!(reply.body["balance"], 1_501);
    assert_eq!(mina.balance().await, 1_501);
}

#[tokio::test]
async fn a_repeat_with_the_same_key_puts_nothing_in() {
    let world = World::new().await;
    let (mina, joon) = (world.user_with(0).await, world.user_with(0).await);
    let key = Uuid::from_u128(7);
    let body = json!({ "amount": 1_000 });
    let first = mina.post_with_key("/wallet/charges", body.clone(), key).await.expect(201);
    let before = world.dump();
    let second = mina.post_with_key("/wallet/charges", body.clone(), key).await.expect(201);
    assert_eq!((second.replayed(), &second.body), (true, &first.body));
    mina.post_with_key("/wallet/charges", json!({ "amount": 999 }), key)
        .await
        .expect_problem(422, "idempotency-key-reused");
    assert_eq!(world.dump(), before);
    assert!(!joon.post_with_key("/wallet/charges", body.clone(), key).await.expect(201).replayed());
    // Later it answers the balance of then, and the charge of now.
    mina.post("/wallet/charges", json!({ "amount": 5 })).await.expect(201);
    let later = mina.post_with_key("/wallet/charges", body, key).await.expect(201);
    assert_eq!((&later.body["balance"], &later.body["charge_id"]), (&json!(1_005), &first.body["charge_id"]));
}

#[tokio::test]
async fn an_amount_is_a_whole_number_from_1_to_10_000_000() {
    let world = World::new().await;
    let mina = world.user_with(0).await;
    let before = world.dump();
    for amount in
        [json!(0), json!(-1), json!(10_000_001), json!(i64::MIN), json!(i64::MAX), json!(1.5), json!(1.0), json!("1")]
    {
        mina.post("/wallet/charges", json!({ "amount": amount })).await.expect_invalid("amount");
    }
    assert_eq!(world.dump(), before);
    mina.post("/wallet/charges", json!({ "amount": 10_000_000 })).await.expect(201);
}

#[tokio::test]
async fn no_top_up_ends_above_the_cap() {
    let world = World::new().await;
    let mina = world.user_with(9_999_999).await;
    let before = world.dump();
    mina.post("/wallet/charges", json!({ "amount": 2 })).await.expect_problem(409, "balance-cap");
    assert_eq!(world.dump(), before);
    let key = Uuid::from_u128(7);
    mina.post_with_key("/wallet/charges", json!({ "amount": 1 }), key).await.expect(201);
    mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect_problem(409, "balance-cap");
    // The repeat of the charge that reached the cap is no charge above it.
    assert!(mina.post_with_key("/wallet/charges", json!({ "amount": 1 }), key).await.expect(201).replayed());
    assert_eq!(mina.balance().await, 10_000_000);
}

#[tokio::test]
async fn where_top_ups_are_closed_they_are_refused_to_every_user() {
    let world =
        World::with_options(|options| drop(options.variables.insert("FREE_TOP_UPS".into(), "false".into()))).await;
    let (mina, joon, admin) = (world.user_with(0).await, world.user().await, world.admin().await);
    admin.post("/wallet", json!({})).await.expect(201);
    let before = world.dump();
    // Whoever asks, with a wallet or without.
    for user in [&mina, &joon, &admin] {
        user.post("/wallet/charges", json!({ "amount": 1 })).await.expect_problem(403, "top-up-closed");
    }
    world.anonymous().post("/wallet/charges", json!({ "amount": 1 })).await.expect(401);
    assert_eq!(world.dump(), before);
    // An administrator credits the wallet all the same.
    let credit = json!({ "amount": 7, "reason": "a gift" });
    admin.post(&format!("/users/{}/credits", mina.id), credit).await.expect(201);
    assert_eq!(mina.balance().await, 7);
}

#[tokio::test]
async fn without_a_wallet_it_says_so() {
    let world = World::new().await;
    let mina = world.user().await;
    let before = world.dump();
    mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect_problem(404, "no-wallet");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn the_cap_is_not_got_round_by_buying_and_giving_back() {
    let world = World::new().await;
    let product = world.product_with(json!({ "price": 10_000_000, "stock": 9 })).await;
    let mut mina = world.user_with(10_000_000).await;
    let mut orders = Vec::new();
    for day in 0..3 {
        orders.push(mina.buy(&[(&product, 1)]).await.expect(201).order());
        // There is room in the wallet, but the day has brought in what it may.
        for amount in [1, 10_000_000] {
            mina.post("/wallet/charges", json!({ "amount": amount })).await.expect_problem(409, "top-up-limit");
        }
        if day < 2 {
            world.wait(86_400);
            mina = world.with_fresh_token(&mina).await;
            mina.post("/wallet/charges", json!({ "amount": 10_000_000 })).await.expect(201);
        }
    }
    for order in &orders {
        mina.refund_order(order).await.expect(200);
    }
    assert_eq!(mina.balance().await, 30_000_000, "a refund always fits");
    // Above the cap nothing comes in, on no day.
    world.wait(86_400);
    let mina = world.with_fresh_token(&mina).await;
    mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect_problem(409, "balance-cap");
    mina.post("/wallet/payments", json!({ "amount": 10_000_000, "memo": "a boat" })).await.expect(201);
    mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect_problem(409, "balance-cap");
    mina.post("/wallet/payments", json!({ "amount": 10_000_000, "memo": "another" })).await.expect(201);
    mina.post("/wallet/payments", json!({ "amount": 1, "memo": "tea" })).await.expect(201);
    mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect(201);
    world.check_invariants().await;
}
