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
async fn without_a_wallet_it_says_so() {
    let world = World::new().await;
    let mina = world.user().await;
    let before = world.dump();
    mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect_problem(404, "no-wallet");
    assert_eq!(world.dump(), before);
}
