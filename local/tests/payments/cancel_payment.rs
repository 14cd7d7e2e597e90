//! POST /payments/{payment_id}/cancel

use serde_json::json;

use super::NOBODY;
use crate::support::{Person, Reply, World};

async fn cancel(person: &Person, payment: &str) -> Reply {
    person.post(&format!("/payments/{payment}/cancel"), json!({})).await
}

#[tokio::test]
async fn a_paid_order_is_given_back_whole_and_once() {
    let world = World::new().await;
    let (product, coupon) = (world.product(5_000, 5).await, world.coupon(5).await);
    let mina = world.user_with(20_000).await;
    mina.claim(&coupon).await.expect(201);
    let order = mina.order_with(&[(&product, 3)], &coupon, true).await.expect(201).order();
    assert_eq!((mina.balance().await, world.units_left(&product)), (6_000, 2));
    let payment = format!("ord-{order}");
    let back = cancel(&mina, &payment).await.expect(200);
    let shown = json!({
        "payment_id": payment, "order_id": order, "amount": 14_000, "refunded": 14_000, "currency": "KRW",
        "state": "refunded", "paid_at": "2026-11-21T10:00:00.5Z",
    });
    assert_eq!(back.body, shown);
    let state = (mina.balance().await, world.units_left(&product), mina.coupon_state(&coupon).await);
    assert_eq!(state, (20_000, 5, "unused".into()));
    assert_eq!(mina.order_state(&order).await, "cancelled");
    let before = world.dump();
    assert_eq!(cancel(&mina, &payment).await.expect(200).body, shown, "repeating it is the same success");
    assert_eq!(mina.get(&format!("/payments/{payment}")).await.expect(200).body, shown);
    assert_eq!(mina.delete(&format!("/orders/{order}")).await.expect(200).body["state"], "cancelled");
    assert_eq!(world.dump(), before);
    // The coupon may be used again.
    mina.order_with(&[(&product, 1)], &coupon, true).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_paid_reservation_is_given_back_with_seats_and_limit() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(300_000).await, world.user_with(50_000).await);
    let held = mina.hold(&schedule, &["A-1-1", "A-1-25", "A-1-26", "A-1-3"]).await.expect(201).reservation();
    mina.delete(&format!("/reservations/{held}/tickets/A-1-3")).await.expect(200);
    mina.pay(&held).await.expect(201);
    mina.hold(&schedule, &["A-1-4", "A-1-5"]).await.expect_problem(409, "seat-limit");
    let back = cancel(&mina, &format!("rsv-{held}")).await.expect(200).body;
    assert_eq!((&back["amount"], &back["refunded"]), (&json!(150_000), &json!(150_000)));
    assert_eq!((&back["state"], &back["reservation_id"]), (&json!("refunded"), &json!(held)));
    assert_eq!(mina.balance().await, 300_000);
    let shown = mina.get(&format!("/reservations/{held}")).await.expect(200).body;
    assert_eq!((&shown["state"], &shown["payment_id"]), (&json!("cancelled"), &json!(format!("rsv-{held}"))));
    let before = world.dump();
    assert_eq!(cancel(&mina, &format!("rsv-{held}")).await.expect(200).body, back);
    assert_eq!(world.dump(), before);
    let entries = mina.pages("/wallet/entries", 10).await;
    assert_eq!((&entries[0]["kind"], &entries[0]["amount"]), (&json!("refund"), &json!(150_000)));
    mina.hold(&schedule, &["A-1-4", "A-1-5", "A-1-6", "A-1-7"]).await.expect(201);
    let taken = joon.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    joon.pay(&taken).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_refund_fits_above_the_cap() {
    let world = World::new().await;
    let product = world.product(100_000, 1).await;
    let mina = world.user_with(100_000).await;
    let order = mina.buy(&[(&product, 1)]).await.expect(201).order();
    // A day's top-ups have a limit as high as the cap.
    world.wait(86_400);
    let mina = world.with_fresh_token(&mina).await;
    mina.post("/wallet/charges", json!({ "amount": 10_000_000 })).await.expect(201);
    mina.refund_order(&order).await.expect(200);
    assert_eq!(mina.balance().await, 10_100_000);
    mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect_problem(409, "balance-cap");
    world.check_invariants().await;
}

#[tokio::test]
async fn from_the_start_of_the_concert_on_nothing_is_given_back() {
    let world = World::new().await;
    let change = json!({ "starts_at": world.at(1_000).to_string(), "sale_closes_at": world.at(900).to_string() });
    let schedule = world.schedule_with(change).await;
    world.admin().await.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
    let mina = world.user_with(100_000).await;
    let (one, two) = (mina.hold(&schedule, &["A-1-1"]).await, mina.hold(&schedule, &["A-1-2"]).await);
    let (one, two) = (one.expect(201).reservation(), two.expect(201).reservation());
    mina.pay(&one).await.expect(201);
    mina.pay(&two).await.expect(201);
    world.wait(999);
    let mina = world.with_fresh_token(&mina).await;
    cancel(&mina, &format!("rsv-{one}")).await.expect(200);
    world.wait(1);
    let before = world.dump();
    cancel(&mina, &format!("rsv-{two}")).await.expect_problem(409, "concert-started");
    // What was given back in time is a success for good.
    cancel(&mina, &format!("rsv-{one}")).await.expect(200);
    assert_eq!(world.dump(), before);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_was_not_paid_or_is_not_yours_is_not_there() {
    let world = World::new().await;
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 5).await);
    let (mina, joon) = (world.user_with(100_000).await, world.user_with(100_000).await);
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let order = mina.order(&[(&product, 1)]).await.expect(201).order();
    let before = world.dump();
    for payment in [format!("rsv-{held}"), format!("ord-{order}"), format!("rsv-{order}"), format!("ord-{held}")] {
        cancel(&mina, &payment).await.expect_problem(404, "not-found");
        mina.get(&format!("/payments/{payment}")).await.expect_problem(404, "not-found");
    }
    assert_eq!(world.dump(), before);
    mina.pay(&held).await.expect(201);
    mina.pay_order(&order).await.expect(201);
    let before = world.dump();
    for (prefix, id) in [("rsv", &held), ("ord", &order)] {
        let others = cancel(&joon, &format!("{prefix}-{id}")).await.expect_problem(404, "not-found");
        let nobodys = cancel(&joon, &format!("{prefix}-{NOBODY}")).await.expect_problem(404, "not-found");
        assert_eq!(others.apart_from_instance(), nobodys.apart_from_instance());
    }
    for malformed in ["x", "ord-", "rsv-x", "ord-0193a000000070008000000000000007"] {
        cancel(&mina, malformed).await.expect_invalid("payment_id");
    }
    assert_eq!(world.dump(), before);
}
