//! GET /users/me/data

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use onsale_platform::store::accounts::export;
use serde_json::{Value, json};

use super::{MINA, PASSWORD, device, sign_up};
use crate::support::cards::GOOD;
use crate::support::queue::QUEUE;
use crate::support::{Person, World};

/// Mina with an account, after a busy day: something of each kind.
async fn busy(world: &World) -> Person {
    let id = sign_up(world, MINA).await.expect(201).text("user_id");
    let (mut mina, _) = device(world).await;
    mina.id = id.parse().expect("an id");
    mina.post("/wallet", json!({})).await.expect(201);
    mina.post("/wallet/charges", json!({ "amount": 500_000 })).await.expect(201);
    mina.post("/wallet/payments", json!({ "amount": 100, "memo": "tea" })).await.expect(201);
    let schedule = world.schedule_with_seats().await;
    let paid = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    mina.pay(&paid).await.expect(201);
    mina.delete(&format!("/reservations/{paid}/tickets/A-1-2")).await.expect(200);
    mina.post(&format!("/reservations/{paid}/tickets/A-1-1/code"), json!({})).await.expect(201);
    mina.hold(&schedule, &["A-1-3"]).await.expect(201);
    let product = world.product_with(json!({ "price": 1_000, "stock": 10, "stock_shards": 2 })).await;
    let coupon = world.coupon(10).await;
    mina.claim(&coupon).await.expect(201);
    mina.order_with(&[(&product, 2)], &coupon, true).await.expect(201);
    let lapsed = mina.order(&[(&product, 1)]).await.expect(201).order();
    mina.top_up_by_card(world, 10_000, GOOD).await;
    mina.post("/wallet/payouts", json!({ "amount": 4_000 })).await.expect(201);
    world.settle_cards().await;
    world.wait(400);
    mina.get(&format!("/orders/{lapsed}")).await.expect(200);
    world.queue(json!({})).await;
    mina.post(&format!("/queues/{QUEUE}/tokens"), json!({})).await.expect(201);
    world.stack.put_grant(mina.id, "organiser").expect("the engine takes it");
    world.stack.drain_events().await.expect("the engines");
    mina
}

fn kinds(records: &[Value]) -> BTreeSet<String> {
    records.iter().map(|record| record["kind"].as_str().expect("a kind").to_owned()).collect()
}

#[tokio::test]
async fn everything_that_lies_in_an_account_is_told_and_no_secret_is() {
    let world = World::new().await;
    let mina = busy(&world).await;
    let records = mina.pages("/users/me/data", 50).await;
    let all: BTreeSet<String> = export::kinds().into_iter().map(str::to_owned).collect();
    assert_eq!(kinds(&records), all, "the busy day has something of each kind");
    let page = crate::repository::read("docs/api.md");
    let (_, told) = page.split_once("`export_my_data` has the kinds").expect("its kinds");
    let (told, _) = told.split_once(" No hash").expect("their end");
    assert!(all.iter().all(|kind| told.contains(&format!("`{kind}`"))), "docs/api.md: {told}");
    let one = |kind: &str| {
        let found = records.iter().find(|record| record["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind}"))["data"].clone()
    };
    let profile = one("profile");
    assert_eq!((&profile["email"], &profile["name"]), (&json!(MINA), &json!("Mina")));
    assert_eq!(profile["created_at"], "2026-11-21T10:00:00.5Z");
    let bought = records.iter().find(|record| record["data"]["items"][0]["quantity"] == 2);
    assert_eq!(bought.expect("the order")["kind"], "order");
    assert!(one("reservation")["tickets"][0]["seat_id"].as_str().is_some_and(|seat| seat.starts_with("A-1-")));
    assert_eq!(one("role")["role"], "organiser");
    assert_eq!(one("queue_entry")["queue_id"], QUEUE);
    assert!(one("session")["source"].is_string());
    let told = Value::from(records).to_string();
    for item in world.items().values() {
        for secret in ["password_hash", "digest", "pepper", "fingerprint", "key", "expiry_shard"] {
            if let Some(secret) = item[secret]["S"].as_str() {
                assert!(!told.contains(secret), "a secret or an internal is told");
            }
        }
    }
    assert!(!told.contains(PASSWORD) && !told.contains("argon2"));
}

/// A new kind of item under a user, or a new attribute of one, is told or named as left out.
#[tokio::test]
async fn each_attribute_of_each_item_is_told_or_named_as_left_out() {
    let world = World::new().await;
    let mina = busy(&world).await;
    let own = format!("USER#{}", mina.id);
    let mut seen = 0;
    for item in world.items().values().filter(|item| item["pk"]["S"] == own) {
        let raw: HashMap<String, AttributeValue> = item
            .as_object()
            .expect("an item")
            .iter()
            .map(|(name, value)| {
                let text = value["S"].as_str().unwrap_or_default().to_owned();
                (name.clone(), AttributeValue::S(text))
            })
            .collect();
        let unnamed = export::unnamed(&raw);
        assert!(unnamed.is_empty(), "{}: neither told nor named as left out: {unnamed:?}", item["sk"]["S"]);
        seen += 1;
    }
    assert!(seen > 15, "only {seen} items");
    let unknown = HashMap::from([
        ("pk".to_owned(), AttributeValue::S(own)),
        ("sk".to_owned(), AttributeValue::S("NEW#1".to_owned())),
    ]);
    assert_eq!(export::unnamed(&unknown).len(), 2, "a kind that nothing names");
}

#[tokio::test]
async fn pages_of_every_size_have_the_same_and_cursors_are_checked() {
    let world = World::new().await;
    let mina = busy(&world).await;
    let whole = mina.pages("/users/me/data", 100).await;
    for limit in [1, 2, 3, 7, whole.len() - 1, whole.len()] {
        let limit = limit.min(100);
        assert_eq!(mina.pages("/users/me/data", limit).await, whole, "pages of {limit}");
    }
    mina.get("/users/me/data?cursor=x").await.expect_invalid("cursor");
    mina.get("/users/me/data?limit=0").await.expect_invalid("limit");
    // Another's cursor leads nowhere.
    let cursor = mina.get("/users/me/data?limit=2").await.expect(200).text("next");
    sign_up(&world, "joon@example.com").await.expect(201);
    let session = super::log_in(&world, "joon@example.com", PASSWORD).await.expect(200);
    let mut joon = world.anonymous();
    joon.token = Some(session.text("access_token"));
    joon.get(&format!("/users/me/data?cursor={cursor}")).await.expect_invalid("cursor");
    let theirs = joon.pages("/users/me/data", 50).await;
    assert_eq!(kinds(&theirs), ["profile".to_owned(), "session".to_owned()].into(), "nothing of somebody else");
}

#[tokio::test]
async fn nobody_without_an_account_has_data() {
    let world = World::new().await;
    world.user().await.get("/users/me/data").await.expect_problem(401, "unauthorized");
}
