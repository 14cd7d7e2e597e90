//! POST /wallet/payouts

use serde_json::json;
use uuid::Uuid;

use crate::support::World;
use crate::support::cards::GOOD;

#[tokio::test]
async fn a_balance_goes_back_to_the_cards_it_came_from_newest_first() {
    let world = World::new().await;
    let mina = world.user().await;
    let first = mina.top_up_by_card(&world, 30_000, GOOD).await;
    world.wait(60);
    let second = mina.top_up_by_card(&world, 20_000, GOOD).await;
    let key = Uuid::from_u128(0x4444_4444_4444_4444_8444_4444_4444_4444);
    let reply = mina.post_with_key("/wallet/payouts", json!({ "amount": 25_000 }), key).await.expect(201);
    assert_eq!((&reply.body["balance"], &reply.body["currency"]), (&json!(25_000), &json!("KRW")));
    let again = mina.post_with_key("/wallet/payouts", json!({ "amount": 25_000 }), key).await.expect(201);
    assert_eq!((&again.body, &again.headers["idempotent-replayed"]), (&reply.body, &"true".parse().expect("a header")));
    mina.post_with_key("/wallet/payouts", json!({ "amount": 1 }), key)
        .await
        .expect_problem(422, "idempotency-key-reused");
    world.check_invariants().await;
    world.settle_cards().await;
    assert_eq!((world.provider_state(&first).1, world.provider_state(&second).1), (25_000, 0));
    assert_eq!(mina.balance().await, 25_000);
    world.check_invariants().await;
}

#[tokio::test]
async fn no_more_than_came_in_by_card_and_is_still_there_is_paid_out() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(5_000).await, world.user().await);
    let pay_out = |amount: i64| json!({ "amount": amount });
    joon.post("/wallet/payouts", pay_out(1)).await.expect_problem(404, "no-wallet");
    mina.post("/wallet/payouts", pay_out(1)).await.expect_problem(409, "too-little-by-card");
    mina.post("/wallet/payouts", pay_out(0)).await.expect_problem(400, "invalid-request");
    mina.top_up_by_card(&world, 60_000, GOOD).await;
    // A purchase by card is refunded to its card, and counts for no payout.
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay_by_card(&world, &held, GOOD).await;
    mina.post("/wallet/payouts", pay_out(65_001)).await.expect_problem(409, "too-little-by-card");
    mina.post("/wallet/payouts", pay_out(60_001)).await.expect_problem(409, "too-little-by-card");
    let other = mina.hold(&schedule, &["A-1-2"]).await.expect(201).reservation();
    mina.pay(&other).await.expect(201);
    mina.post("/wallet/payouts", pay_out(15_001)).await.expect_problem(402, "insufficient-balance");
    assert_eq!(mina.post("/wallet/payouts", pay_out(15_000)).await.expect(201).body["balance"], 0);
    world.settle_cards().await;
    world.check_invariants().await;
}
