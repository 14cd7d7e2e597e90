//! POST /payments, of orders

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::NOBODY;
use crate::support::recorder::Gate;
use crate::support::{Person, Reply, World};

async fn pay_with_key(person: &Person, order: &str, key: u128) -> Reply {
    person.post_with_key("/payments", json!({ "order_id": order }), Uuid::from_u128(key)).await
}

#[tokio::test]
async fn paying_a_pending_order_takes_the_money_once() {
    let world = World::new().await;
    let product = world.product(1_000, 5).await;
    let mina = world.user_with(10_000).await;
    let order = mina.order(&[(&product, 3)]).await.expect(201).order();
    world.wait(10);
    let paid = pay_with_key(&mina, &order, 7).await.expect(201);
    let shown = json!({
        "payment_id": format!("ord-{order}"), "order_id": order, "amount": 3_000, "refunded": 0, "currency": "KRW",
        "state": "completed", "paid_at": "2026-11-21T10:00:10.5Z",
    });
    assert_eq!(paid.body, shown);
    let before = world.dump();
    assert!(pay_with_key(&mina, &order, 7).await.expect(201).replayed());
    for again in [pay_with_key(&mina, &order, 8).await, mina.pay_order(&order).await] {
        let again = again.expect(200);
        assert_eq!((again.replayed(), &again.body), (false, &shown));
    }
    assert_eq!(mina.get(&format!("/payments/ord-{order}")).await.expect(200).body, shown);
    assert_eq!(world.dump(), before);
    assert_eq!((mina.balance().await, mina.order_state(&order).await), (7_000, "paid".into()));
    world.check_invariants().await;
}

#[tokio::test]
async fn a_key_pays_one_thing_of_either_kind() {
    let world = World::new().await;
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 5).await);
    let mina = world.user_with(100_000).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let order = mina.order(&[(&product, 1)]).await.expect(201).order();
    let other = mina.order(&[(&product, 1)]).await.expect(201).order();
    pay_with_key(&mina, &order, 7).await.expect(201);
    let before = world.dump();
    pay_with_key(&mina, &other, 7).await.expect_problem(422, "idempotency-key-reused");
    let reservation = json!({ "reservation_id": held });
    let reply = mina.post_with_key("/payments", reservation, Uuid::from_u128(7)).await;
    reply.expect_problem(422, "idempotency-key-reused");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn an_order_that_was_paid_when_it_was_placed_is_paid() {
    let world = World::new().await;
    let product = world.product(1_000, 5).await;
    let mina = world.user_with(10_000).await;
    let order = mina.buy(&[(&product, 1)]).await.expect(201).order();
    let paid = mina.pay_order(&order).await.expect(200);
    assert_eq!((&paid.body["amount"], mina.balance().await), (&json!(1_000), 9_000));
}

#[tokio::test]
async fn too_small_a_balance_is_declined_and_all_goes_back() {
    let world = World::releasing().await;
    let product = world.product(1_000, 5).await;
    let poor = world.user_with(999).await;
    let order = poor.order(&[(&product, 5)]).await.expect(201).order();
    poor.pay_order(&order).await.expect_problem(402, "insufficient-balance");
    assert_eq!(world.units_left(&product), 0);
    poor.post("/wallet/charges", json!({ "amount": 100_000 })).await.expect(201);
    poor.pay_order(&order).await.expect_problem(409, "payment-declined");
    world.stack.drain_events().await.expect("settled");
    assert_eq!((world.units_left(&product), poor.order_state(&order).await), (5, "declined".into()));
    poor.pay_order(&order).await.expect_problem(409, "payment-declined");
    assert_eq!(poor.delete(&format!("/orders/{order}")).await.expect(200).body["state"], "declined");
    assert_eq!(poor.balance().await, 100_999);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_declined_order_whose_event_is_lost_is_closed_by_the_sweep() {
    let world = World::releasing().await;
    let product = world.product(1_000, 5).await;
    let poor = world.user_with(0).await;
    let order = poor.order(&[(&product, 5)]).await.expect(201).order();
    poor.pay_order(&order).await.expect(402);
    world.wait(302);
    let swept = world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(swept, json!({ "closed": 1, "failed": 0, "deletions": 0 }));
    assert_eq!((world.units_left(&product), poor.order_state(&order).await), (5, "declined".into()));
    // The event, however late it comes, gives nothing back again.
    world.stack.drain_events().await.expect("settled");
    assert_eq!(world.units_left(&product), 5);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_declined_order_is_paid_with_the_same_key_after_a_top_up() {
    let world = World::new().await;
    let product = world.product(1_000, 5).await;
    let poor = world.user_with(0).await;
    let order = poor.order(&[(&product, 1)]).await.expect(201).order();
    for _ in 0..2 {
        let declined = pay_with_key(&poor, &order, 7).await.expect_problem(402, "insufficient-balance");
        assert!(declined.text("detail").contains("2026-11-21T10:05:01Z"), "{}", declined.body);
        world.stack.drain_events().await.expect("settled");
        assert_eq!((world.units_left(&product), poor.order_state(&order).await), (4, "pending".into()));
    }
    poor.post("/wallet/charges", json!({ "amount": 1_000 })).await.expect(201);
    assert!(!pay_with_key(&poor, &order, 7).await.expect(201).replayed());
    assert!(pay_with_key(&poor, &order, 7).await.expect(201).replayed());
    world.check_invariants().await;
}

#[tokio::test]
async fn an_order_may_be_paid_in_its_last_second_and_no_later() {
    let world = World::new().await;
    let product = world.product(1_000, 5).await;
    let mina = world.user_with(10_000).await;
    let in_time = mina.order(&[(&product, 1)]).await.expect(201).order();
    let late = mina.order(&[(&product, 1)]).await.expect(201).order();
    world.wait(300);
    mina.pay_order(&in_time).await.expect(201);
    world.wait(1);
    mina.pay_order(&late).await.expect_problem(409, "hold-expired");
    assert_eq!(world.units_left(&product), 4, "it went back on the spot");
    mina.pay_order(&late).await.expect_problem(409, "hold-expired");
    assert_eq!(mina.balance().await, 9_000);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_cannot_be_paid_is_refused() {
    let world = World::new().await;
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 5).await);
    let (mina, joon) = (world.user().await, world.user_with(10_000).await);
    let order = mina.order(&[(&product, 1)]).await.expect(201).order();
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let before = world.dump();
    mina.pay_order(&order).await.expect_problem(404, "no-wallet");
    let others = joon.pay_order(&order).await.expect_problem(404, "not-found");
    let nobodys = joon.pay_order(NOBODY).await.expect_problem(404, "not-found");
    assert_eq!(others.apart_from_instance(), nobodys.apart_from_instance());
    let both = json!({ "order_id": order, "reservation_id": held });
    for body in [both, json!({}), json!({ "order_id": null, "reservation_id": null })] {
        mina.post("/payments", body).await.expect_invalid("reservation_id");
    }
    mina.post("/payments", json!({ "order_id": order, "amount": 1 })).await.expect_invalid("body");
    // An order is no reservation.
    joon.pay(&order).await.expect_problem(404, "not-found");
    assert_eq!(world.dump(), before);
}

/// The same request comes twice; the first decides in time and pays late, when the second has found the order lapsed.
#[tokio::test]
async fn a_payment_that_was_sent_twice_is_not_refused_once_it_has_paid() {
    let world = World::new().await;
    let product = world.product(1_000, 5).await;
    let mina = world.user_with(10_000).await;
    let order = mina.order(&[(&product, 3)]).await.expect(201).order();
    let sent = || {
        let (mina, order) = (mina.clone(), order.clone());
        tokio::spawn(async move { pay_with_key(&mina, &order, 7).await })
    };
    let writes = Arc::new(Gate::before("pay", "TransactWriteItems"));
    world.stack.intercept(Some(writes.clone()));
    let first = sent();
    writes.reached().await;
    world.wait(400);
    let looks_again = Arc::new(Gate::before("pay", "GetItem"));
    world.stack.intercept(Some(looks_again.clone()));
    let second = sent();
    looks_again.reached().await;
    writes.open();
    first.await.expect("no panic").expect(201);
    looks_again.open();
    assert!(second.await.expect("no panic").expect(201).replayed());
    assert_eq!((mina.balance().await, mina.order_state(&order).await), (7_000, "paid".into()));
    world.check_invariants().await;
}
