//! GET /wallet/entries

use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn every_movement_is_explained_newest_first() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(0).await;
    let charge = mina.post("/wallet/charges", json!({ "amount": 60_000 })).await.expect(201);
    world.wait(1);
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    let expected = json!([
        { "seq": 2, "kind": "payment", "amount": -50_000, "balance_after": 10_000,
          "at": "2026-11-21T10:00:01.5Z", "ref": format!("rsv-{held}") },
        { "seq": 1, "kind": "charge", "amount": 60_000, "balance_after": 60_000,
          "at": "2026-11-21T10:00:00.5Z", "ref": charge.text("charge_id") },
    ]);
    let listed = mina.get("/wallet/entries").await.expect(200);
    assert_eq!(listed.body, json!({ "items": expected, "next": null }));
}

#[tokio::test]
async fn pages_have_no_gap_and_no_end_too_soon() {
    let world = World::new().await;
    let mina = world.user_with(0).await;
    for amount in 1..=11 {
        mina.post("/wallet/charges", json!({ "amount": amount })).await.expect(201);
    }
    for limit in [1, 4, 11, 100] {
        let entries = mina.pages("/wallet/entries", limit).await;
        let seqs: Vec<i64> = entries.iter().filter_map(|entry| entry["seq"].as_i64()).collect();
        assert_eq!(seqs, (1..=11).rev().collect::<Vec<i64>>(), "in pages of {limit}");
        let sum: i64 = entries.iter().filter_map(|entry| entry["amount"].as_i64()).sum();
        assert_eq!(sum, mina.balance().await);
    }
    let first: &Value = &mina.get("/wallet/entries").await.expect(200).body["items"];
    assert_eq!(first.as_array().map(Vec::len), Some(11));
}

#[tokio::test]
async fn without_a_wallet_there_are_none() {
    let world = World::new().await;
    let listed = world.user().await.get("/wallet/entries").await.expect(200);
    assert_eq!(listed.body, json!({ "items": [], "next": null }));
}

#[tokio::test]
async fn a_cursor_is_of_its_own_list() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(1).await, world.user_with(1).await);
    for person in [&mina, &joon] {
        person.post("/wallet/charges", json!({ "amount": 1 })).await.expect(201);
    }
    for seat in ["A-1-1", "A-1-2"] {
        mina.hold(&id, &[seat]).await.expect(201);
    }
    let joons = joon.get("/wallet/entries?limit=1").await.expect(200).text("next");
    let reservations = mina.get("/reservations?limit=1").await.expect(200).text("next");
    for cursor in [joons.as_str(), &reservations, "x", "e30", ""] {
        mina.get(&format!("/wallet/entries?cursor={cursor}")).await.expect_invalid("cursor");
    }
    for limit in ["0", "101", "abc"] {
        mina.get(&format!("/wallet/entries?limit={limit}")).await.expect_invalid("limit");
    }
}
