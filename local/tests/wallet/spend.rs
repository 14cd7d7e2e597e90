//! POST /wallet/payments

use serde_json::json;
use uuid::Uuid;

use crate::support::World;

#[tokio::test]
async fn money_is_taken_out_and_the_ledger_says_for_what() {
    let world = World::new().await;
    let mina = world.user_with(1_000).await;
    let reply = mina.post("/wallet/payments", json!({ "amount": 300, "memo": "포스터 한 장" })).await.expect(201);
    assert_eq!(reply.body, json!({ "spend_id": reply.text("spend_id"), "balance": 700, "currency": "KRW" }));
    let entry = mina.get("/wallet/entries?limit=1").await.expect(200).body["items"][0].clone();
    let expected = json!({
        "seq": 2, "kind": "spend", "amount": -300, "balance_after": 700, "at": "2026-11-21T10:00:00.5Z",
        "ref": reply.text("spend_id"), "memo": "포스터 한 장",
    });
    assert_eq!(entry, expected);
    // To the last won.
    mina.post("/wallet/payments", json!({ "amount": 700, "memo": "x" })).await.expect(201);
    assert_eq!(mina.balance().await, 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_takes_nothing_more() {
    let world = World::new().await;
    let (mina, joon) = (world.user_with(1_000).await, world.user_with(1_000).await);
    let key = Uuid::from_u128(7);
    let body = json!({ "amount": 600, "memo": "a poster" });
    let first = mina.post_with_key("/wallet/payments", body.clone(), key).await.expect(201);
    let before = world.dump();
    // There is no longer enough for another, and yet this is the success that it was.
    let second = mina.post_with_key("/wallet/payments", body.clone(), key).await.expect(201);
    assert_eq!((second.replayed(), &second.body), (true, &first.body));
    for other in [json!({ "amount": 601, "memo": "a poster" }), json!({ "amount": 600, "memo": "a postcard" })] {
        mina.post_with_key("/wallet/payments", other, key).await.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(world.dump(), before);
    // A key is a user's and a function's own.
    assert!(!joon.post_with_key("/wallet/payments", body, key).await.expect(201).replayed());
    assert!(!mina.post_with_key("/wallet/charges", json!({ "amount": 600 }), key).await.expect(201).replayed());
    world.check_invariants().await;
}

#[tokio::test]
async fn no_more_is_spent_than_there_is() {
    let world = World::new().await;
    let mina = world.user_with(10).await;
    let before = world.dump();
    let body = json!({ "amount": 11, "memo": "x" });
    let key = Uuid::from_u128(7);
    mina.post_with_key("/wallet/payments", body.clone(), key).await.expect_problem(402, "insufficient-balance");
    assert_eq!(world.dump(), before);
    // A refusal is not remembered.
    mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect(201);
    assert!(!mina.post_with_key("/wallet/payments", body, key).await.expect(201).replayed());
    let nobody = world.user().await;
    nobody.post("/wallet/payments", json!({ "amount": 1, "memo": "x" })).await.expect_problem(404, "no-wallet");
}

#[tokio::test]
async fn amount_and_memo_must_be_right() {
    let world = World::new().await;
    let mina = world.user_with(1_000).await;
    let before = world.dump();
    for amount in
        [json!(0), json!(-1), json!(10_000_001), json!(i64::MIN), json!(i64::MAX), json!(1.5), json!(1.0), json!("1")]
    {
        mina.post("/wallet/payments", json!({ "amount": amount, "memo": "x" })).await.expect_invalid("amount");
    }
    for memo in [
        json!(""),
        json!(" "),
        json!("two\nlines"),
        json!("drink\u{2028}refunded"),
        json!("seat \u{202e}000,05"),
        json!("x".repeat(101)),
        json!(7),
        json!(null),
    ] {
        mina.post("/wallet/payments", json!({ "amount": 1, "memo": memo })).await.expect_invalid("memo");
    }
    mina.post("/wallet/payments", json!({ "amount": 1 })).await.expect_invalid("memo");
    assert_eq!(world.dump(), before);
    mina.post("/wallet/payments", json!({ "amount": 1, "memo": "x".repeat(100) })).await.expect(201);
}
