//! POST /users/{user_id}/credits

use serde_json::json;
use uuid::Uuid;

use crate::support::{Person, World};

fn path(user: &Person) -> String {
    format!("/users/{}/credits", user.id)
}

#[tokio::test]
async fn money_is_put_in_and_the_ledger_says_why() {
    let world = World::new().await;
    let (mina, admin) = (world.user_with(1_000).await, world.admin().await);
    let reply = admin.post(&path(&mina), json!({ "amount": 500, "reason": " 우천 취소 보상 " })).await.expect(201);
    assert_eq!(reply.body, json!({ "credit_id": reply.text("credit_id"), "balance": 1_500, "currency": "KRW" }));
    let entry = mina.get("/wallet/entries?limit=1").await.expect(200).body["items"][0].clone();
    let expected = json!({
        "seq": 2, "kind": "credit", "amount": 500, "balance_after": 1_500, "at": "2026-11-21T10:00:00.5Z",
        "ref": reply.text("credit_id"), "memo": "우천 취소 보상",
    });
    assert_eq!(entry, expected);
    // The log of administrators has the amount, and not the reason, which may be about a person.
    let logged = admin.get("/admin/actions?limit=1").await.expect(200).body["items"][0].clone();
    let changes = json!({ "credit_id": reply.text("credit_id"), "amount": "500" });
    assert_eq!(
        (&logged["function"], &logged["target"], &logged["changes"]),
        (&json!("credit_wallet"), &json!(mina.id.to_string()), &changes)
    );
    // An administrator has a wallet as others have, and credits it as theirs.
    let own = world.as_admin(&mina).await;
    assert_eq!(own.post(&path(&mina), json!({ "amount": 1, "reason": "x" })).await.expect(201).body["balance"], 1_501);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_puts_nothing_in() {
    let world = World::new().await;
    let (mina, joon, admin) = (world.user_with(0).await, world.user_with(0).await, world.admin().await);
    let key = Uuid::from_u128(7);
    let body = json!({ "amount": 10_000_000, "reason": "a gift" });
    let first = admin.post_with_key(&path(&mina), body.clone(), key).await.expect(201);
    let before = world.dump();
    // There is no longer room for another, and yet this is the success that it was.
    let second = admin.post_with_key(&path(&mina), body.clone(), key).await.expect(201);
    assert_eq!((second.replayed(), &second.body), (true, &first.body));
    for other in [json!({ "amount": 1, "reason": "a gift" }), json!({ "amount": 10_000_000, "reason": "a present" })] {
        admin.post_with_key(&path(&mina), other, key).await.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(world.dump(), before);
    // A key is an administrator's own, for one user's wallet.
    let other = admin.post_with_key(&path(&joon), body, key).await.expect(201);
    assert!(!other.replayed() && other.body["credit_id"] != first.body["credit_id"], "{}", other.body);
    mina.post("/wallet/payments", json!({ "amount": 1, "memo": "tea" })).await.expect(201);
    let (other_admin, body) = (world.admin().await, json!({ "amount": 1, "reason": "x" }));
    assert!(!other_admin.post_with_key(&path(&mina), body, key).await.expect(201).replayed());
    world.check_invariants().await;
}

#[tokio::test]
async fn no_credit_ends_above_the_cap_and_none_counts_towards_the_day() {
    let world = World::new().await;
    let (mina, admin) = (world.user_with(0).await, world.admin().await);
    let credit = |amount: i64| json!({ "amount": amount, "reason": "a gift" });
    admin.post(&path(&mina), credit(9_999_999)).await.expect(201);
    let before = world.dump();
    let detail = admin.post(&path(&mina), credit(2)).await.expect_problem(409, "balance-cap").text("detail");
    assert_eq!(detail, "The balance may be at most ₩10,000,000 after a credit. Credit less.");
    assert_eq!(world.dump(), before);
    // The day's top-ups are as many as ever, and their sum keeps no credit out.
    mina.post("/wallet/payments", json!({ "amount": 9_999_999, "memo": "a boat" })).await.expect(201);
    mina.post("/wallet/charges", json!({ "amount": 10_000_000 })).await.expect(201);
    for _ in 0..2 {
        mina.post("/wallet/payments", json!({ "amount": 1, "memo": "tea" })).await.expect(201);
        mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect_problem(409, "top-up-limit");
        admin.post(&path(&mina), credit(1)).await.expect(201);
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn only_an_administrator_credits_and_only_a_wallet_that_is_there() {
    let world = World::new().await;
    let (mina, joon, admin) = (world.user_with(5).await, world.user().await, world.admin().await);
    let body = || json!({ "amount": 1, "reason": "a gift" });
    let before = world.dump();
    mina.post(&path(&mina), body()).await.expect_problem(403, "forbidden");
    world.anonymous().post(&path(&mina), body()).await.expect(401);
    // A user without a wallet, and no user at all.
    for user in [joon.id.to_string(), Uuid::from_u128(9).to_string()] {
        let refused = admin.post(&format!("/users/{user}/credits"), body()).await.expect_problem(404, "no-wallet");
        assert!(refused.text("detail").contains("the user has no wallet yet"), "{}", refused.body);
    }
    admin.post("/users/mina/credits", body()).await.expect_invalid("user_id");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn amount_and_reason_must_be_right() {
    let world = World::new().await;
    let (mina, admin) = (world.user_with(5).await, world.admin().await);
    let before = world.dump();
    for amount in [json!(0), json!(-1), json!(10_000_001), json!(i64::MIN), json!(1.5), json!("1"), json!(null)] {
        admin.post(&path(&mina), json!({ "amount": amount, "reason": "x" })).await.expect_invalid("amount");
    }
    for reason in [json!(""), json!(" "), json!("two\nlines"), json!("x".repeat(101)), json!(7), json!(null)] {
        admin.post(&path(&mina), json!({ "amount": 1, "reason": reason })).await.expect_invalid("reason");
    }
    admin.post(&path(&mina), json!({ "amount": 1 })).await.expect_invalid("reason");
    assert_eq!(world.dump(), before);
    admin.post(&path(&mina), json!({ "amount": 1, "reason": "x".repeat(100) })).await.expect(201);
}
