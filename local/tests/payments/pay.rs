//! POST /payments

use serde_json::json;
use uuid::Uuid;

use super::NOBODY;
use crate::support::{Person, Reply, World};

async fn pay_with_key(person: &Person, reservation: &str, key: u128) -> Reply {
    person.post_with_key("/payments", json!({ "reservation_id": reservation }), Uuid::from_u128(key)).await
}

#[tokio::test]
async fn paying_sells_the_seats_and_takes_the_money() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(150_000).await;
    let held = mina.hold(&id, &["A-1-25", "A-1-26"]).await.expect(201).reservation();
    world.wait(10);
    let paid = mina.pay(&held).await.expect(201);
    let shown = json!({
        "payment_id": format!("rsv-{held}"),
        "reservation_id": held,
        "amount": 100_000,
        "refunded": 0,
        "currency": "KRW",
        "state": "completed",
        "paid_at": "2026-11-21T10:00:10.5Z",
    });
    assert_eq!(paid.body, shown);
    assert_eq!(mina.balance().await, 50_000);
    for seat in ["A-1-25", "A-1-26"] {
        assert_eq!(mina.get(&format!("/schedules/{id}/seats/{seat}")).await.expect(200).body["state"], "sold");
    }
    let reservation = mina.get(&format!("/reservations/{held}")).await.expect(200).body;
    assert_eq!((&reservation["state"], &reservation["tickets"][0]["state"]), (&json!("paid"), &json!("paid")));
    // Sold is sold: neither time nor the sweep changes it.
    world.wait(600);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(mina.get(&format!("/reservations/{held}")).await.expect(200).body, reservation);
}

#[tokio::test]
async fn what_is_paid_is_paid_once() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(200_000).await;
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let first = pay_with_key(&mina, &held, 7).await.expect(201);
    assert!(!first.replayed());
    let before = world.dump();
    let replayed = pay_with_key(&mina, &held, 7).await.expect(201);
    assert_eq!((replayed.replayed(), &replayed.body), (true, &first.body));
    for again in [pay_with_key(&mina, &held, 8).await, mina.pay(&held).await] {
        let again = again.expect(200);
        assert_eq!((again.replayed(), &again.body), (false, &first.body));
    }
    assert_eq!(world.dump(), before);
    assert_eq!(mina.balance().await, 150_000);
    // A repeat is answered long after the hold would have ended.
    world.wait(400);
    assert!(pay_with_key(&mina, &held, 7).await.expect(201).replayed());
}

#[tokio::test]
async fn a_key_pays_one_thing() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(200_000).await, world.user_with(200_000).await);
    let one = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let two = mina.hold(&id, &["A-1-2"]).await.expect(201).reservation();
    let joons = joon.hold(&id, &["A-1-3"]).await.expect(201).reservation();
    pay_with_key(&mina, &one, 7).await.expect(201);
    let before = world.dump();
    pay_with_key(&mina, &two, 7).await.expect_problem(422, "idempotency-key-reused");
    assert_eq!(world.dump(), before);
    pay_with_key(&joon, &joons, 7).await.expect(201);
    pay_with_key(&mina, &two, 8).await.expect(201);
}

#[tokio::test]
async fn too_small_a_balance_is_declined_and_takes_nothing() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let poor = world.user_with(49_999).await;
    let held = poor.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    poor.pay(&held).await.expect_problem(402, "insufficient-balance");
    assert_eq!(poor.balance().await, 49_999);
    poor.get(&format!("/payments/rsv-{held}")).await.expect_problem(404, "not-found");
    // The decline is recorded: money that comes now is too late for this hold.
    poor.post("/wallet/charges", json!({ "amount": 100_000 })).await.expect(201);
    poor.pay(&held).await.expect_problem(409, "payment-declined");
    world.stack.drain_events().await.expect("settled");
    poor.pay(&held).await.expect_problem(409, "payment-declined");
    let again = poor.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    poor.pay(&again).await.expect(201);
    assert_eq!(poor.balance().await, 99_999);
}

#[tokio::test]
async fn a_declined_hold_is_paid_with_the_same_key_after_a_top_up() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (poor, rich) = (world.user_with(0).await, world.user().await);
    let held = poor.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    for _ in 0..2 {
        let declined = pay_with_key(&poor, &held, 7).await.expect_problem(402, "insufficient-balance");
        // Until when: the same time that the reservation shows.
        assert!(declined.text("detail").contains("2026-11-21T10:05:01Z"), "{}", declined.body);
        world.stack.drain_events().await.expect("settled");
        rich.hold(&id, &["A-1-1"]).await.expect_problem(409, "seat-taken");
        assert_eq!(poor.get(&format!("/reservations/{held}")).await.expect(200).body["state"], "held");
    }
    poor.post("/wallet/charges", json!({ "amount": 50_000 })).await.expect(201);
    assert!(!pay_with_key(&poor, &held, 7).await.expect(201).replayed());
    assert!(pay_with_key(&poor, &held, 7).await.expect(201).replayed());
    // The declines' events, however late they come again, release nothing.
    world.stack.drain_events().await.expect("settled");
    assert_eq!(poor.get(&format!("/schedules/{id}/seats/A-1-1")).await.expect(200).body["state"], "sold");
}

#[tokio::test]
async fn a_kept_hold_still_ends_in_its_time() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let poor = world.user_with(0).await;
    let held = poor.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    poor.pay(&held).await.expect(402);
    world.wait(302);
    poor.pay(&held).await.expect_problem(409, "hold-expired");
    world.user().await.hold(&id, &["A-1-1"]).await.expect(201);
}

#[tokio::test]
async fn a_hold_may_be_paid_in_its_last_second_and_no_later() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(200_000).await, world.user_with(200_000).await);
    let in_time = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let late = joon.hold(&id, &["A-1-2"]).await.expect(201).reservation();
    world.wait(300);
    mina.pay(&in_time).await.expect(201);
    world.wait(1);
    let before = world.dump();
    // Refused though nobody else wants the seat.
    joon.pay(&late).await.expect_problem(409, "hold-expired");
    assert_eq!(world.dump(), before);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    joon.pay(&late).await.expect_problem(409, "hold-expired");
    let cancelled = joon.hold(&id, &["A-1-3"]).await.expect(201).reservation();
    joon.delete(&format!("/reservations/{cancelled}")).await.expect(200);
    joon.pay(&cancelled).await.expect_problem(409, "hold-expired");
    assert_eq!(joon.balance().await, 200_000);
}

#[tokio::test]
async fn without_a_wallet_it_says_so_and_keeps_the_hold() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let before = world.dump();
    mina.pay(&held).await.expect_problem(404, "no-wallet");
    assert_eq!(world.dump(), before);
    mina.post("/wallet", json!({})).await.expect(201);
    mina.post("/wallet/charges", json!({ "amount": 50_000 })).await.expect(201);
    mina.pay(&held).await.expect(201);
}

#[tokio::test]
async fn somebody_elses_hold_is_not_there() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(200_000).await, world.user_with(200_000).await);
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let before = world.dump();
    let others = joon.pay(&held).await.expect_problem(404, "not-found");
    let nobodys = joon.pay(NOBODY).await.expect_problem(404, "not-found");
    assert_eq!(others.apart_from_instance(), nobodys.apart_from_instance());
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn the_amount_is_never_the_callers() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(200_000).await;
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    for extra in ["amount", "user_id", "price", "state"] {
        let mut body = json!({ "reservation_id": held });
        body[extra] = json!(1);
        mina.post("/payments", body).await.expect_invalid("body");
    }
    mina.post("/payments", json!({})).await.expect_invalid("reservation_id");
    assert_eq!(mina.balance().await, 200_000);
}
