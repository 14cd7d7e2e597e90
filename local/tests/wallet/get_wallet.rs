//! GET /wallet

use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn the_balance_is_shown() {
    let world = World::new().await;
    let (mina, joon) = (world.user_with(700).await, world.user_with(900).await);
    assert_eq!(mina.get("/wallet").await.expect(200).body, json!({ "balance": 700, "currency": "KRW" }));
    assert_eq!(joon.get("/wallet").await.expect(200).body, json!({ "balance": 900, "currency": "KRW" }));
}

#[tokio::test]
async fn without_a_wallet_it_says_so() {
    let world = World::new().await;
    world.user().await.get("/wallet").await.expect_problem(404, "no-wallet");
}
