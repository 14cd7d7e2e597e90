//! POST /orders, with a coupon

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use local::intercept::{Before, Call, Intercept};
use serde_json::{Value, json};

use crate::support::shop::order_of;
use crate::support::{Person, World};

fn percent(value: i64, max: Option<i64>) -> Value {
    json!({ "discount": { "kind": "percent", "value": value, "max": max } })
}

#[tokio::test]
async fn a_discount_is_rounded_down_bounded_and_never_more_than_the_order() {
    let world = World::new().await;
    let product = world.product(333, 100).await;
    for (change, quantity, discount) in [
        (json!({}), 4, 1_000),
        (json!({}), 1, 333),
        (percent(10, None), 1, 33),
        (percent(10, None), 10, 333),
        (percent(10, Some(100)), 10, 100),
        (percent(100, None), 2, 666),
    ] {
        let coupon = world.coupon_with(change).await;
        let mina = world.user_with(10_000).await;
        mina.claim(&coupon).await.expect(201);
        let order = mina.order_with(&[(&product, quantity)], &coupon, true).await.expect(201).body;
        let total = 333 * quantity - discount;
        assert_eq!((&order["discount"], &order["total"]), (&json!(discount), &json!(total)));
        assert_eq!((&order["coupon_id"], mina.balance().await), (&json!(coupon), 10_000 - total));
        assert_eq!(mina.coupon_state(&coupon).await, "used");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_payment_of_nothing_moves_nothing() {
    let world = World::new().await;
    let (product, coupon) = (world.product(900, 5).await, world.coupon(5).await);
    let mina = world.user_with(0).await;
    mina.claim(&coupon).await.expect(201);
    let order = mina.order_with(&[(&product, 1)], &coupon, false).await.expect(201).order();
    let paid = mina.pay_order(&order).await.expect(201);
    assert_eq!((&paid.body["amount"], &paid.body["state"]), (&json!(0), &json!("completed")));
    let refunded = mina.refund_order(&order).await.expect(200);
    assert_eq!((&refunded.body["refunded"], &refunded.body["state"]), (&json!(0), &json!("refunded")));
    assert_eq!((mina.coupon_state(&coupon).await, world.units_left(&product)), ("unused".into(), 5));
    assert_eq!(mina.pages("/wallet/entries", 10).await.len(), 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_coupon_that_cannot_be_used_is_refused_by_name() {
    let world = World::new().await;
    let product = world.product(5_000, 5).await;
    let dates = json!({ "valid_until": world.at(100).to_string() });
    let (coupon, short) = (world.coupon(5).await, world.coupon_with(dates).await);
    let (mina, joon) = (world.user_with(50_000).await, world.user_with(50_000).await);
    mina.claim(&coupon).await.expect(201);
    mina.claim(&short).await.expect(201);
    let before = world.dump();
    for pay in [true, false] {
        joon.order_with(&[(&product, 1)], &coupon, pay).await.expect_problem(409, "coupon-not-yours");
    }
    assert_eq!(world.dump(), before);
    mina.order_with(&[(&product, 1)], &coupon, true).await.expect(201);
    let before = world.dump();
    for pay in [true, false] {
        mina.order_with(&[(&product, 1)], &coupon, pay).await.expect_problem(409, "coupon-used");
    }
    // An instance whose clock is behind does not let it be used early.
    world.wait(-5);
    mina.order_with(&[(&product, 1)], &short, false).await.expect_problem(409, "coupon-not-open");
    world.wait(105);
    mina.order_with(&[(&product, 1)], &short, true).await.expect_problem(409, "coupon-expired");
    assert_eq!(world.dump(), before);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_ends_an_order_gives_its_coupon_back() {
    let world = World::releasing().await;
    let (product, coupon) = (world.product(5_000, 5).await, world.coupon(5).await);
    let mina = world.user_with(0).await;
    mina.claim(&coupon).await.expect(201);
    let cancelled = mina.order_with(&[(&product, 1)], &coupon, false).await.expect(201).order();
    assert_eq!(mina.coupon_state(&coupon).await, "used");
    mina.delete(&format!("/orders/{cancelled}")).await.expect(200);
    assert_eq!(mina.coupon_state(&coupon).await, "unused");
    let declined = mina.order_with(&[(&product, 1)], &coupon, false).await.expect(201).order();
    mina.pay_order(&declined).await.expect_problem(402, "insufficient-balance");
    world.stack.drain_events().await.expect("settled");
    assert_eq!((mina.coupon_state(&coupon).await, world.units_left(&product)), ("unused".into(), 5));
    mina.order_with(&[(&product, 1)], &coupon, false).await.expect(201);
    world.wait(302);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!((mina.coupon_state(&coupon).await, world.units_left(&product)), ("unused".into(), 5));
    world.check_invariants().await;
}

#[tokio::test]
async fn a_lapsed_order_of_ones_own_keeps_no_coupon_from_the_next() {
    let world = World::new().await;
    let (product, coupon) = (world.product(5_000, 1).await, world.coupon(5).await);
    let mina = world.user_with(50_000).await;
    mina.claim(&coupon).await.expect(201);
    let lapsed = mina.order_with(&[(&product, 1)], &coupon, false).await.expect(201).order();
    mina.order_with(&[(&product, 1)], &coupon, true).await.expect_problem(409, "coupon-used");
    // Nobody sweeps; the unit and the coupon are there for the next order of the same user.
    world.wait(302);
    let next = mina.order_with(&[(&product, 1)], &coupon, true).await.expect(201);
    assert_eq!((next.body["total"].as_i64(), mina.order_state(&lapsed).await), (Some(4_000), "expired".into()));
    world.check_invariants().await;
}

/// Sends a request a second time, to its end, once the first has found no receipt of it.
struct Twice {
    looked: AtomicBool,
    again: Mutex<Option<(Person, Value)>>,
}

impl Intercept for Twice {
    fn before(&self, call: &Call<'_>) -> Before {
        match (call.function, call.operation) {
            (Some("place_order"), "GetItem") => self.looked.store(true, Ordering::SeqCst),
            (Some("place_order"), "BatchGetItem") if self.looked.load(Ordering::SeqCst) => {
                if let Some((buyer, body)) = self.again.lock().expect("no panic").take() {
                    return Before::Hold(Box::pin(async move {
                        buyer.post_with_key("/orders", body, buyer.key()).await.expect(201);
                        Before::Proceed
                    }));
                }
            }
            _ => {}
        }
        Before::Proceed
    }
}

#[tokio::test]
async fn a_request_that_came_twice_is_not_refused_the_coupon_that_it_has_used() {
    let world = World::new().await;
    let (product, coupon) = (world.product(5_000, 5).await, world.coupon(5).await);
    let mina = world.user_with(50_000).await;
    mina.claim(&coupon).await.expect(201);
    mina.order_with(&[(&product, 1)], &coupon, false).await.expect(201);
    // What keeps the coupon has lapsed, so whoever is refused looks again.
    world.wait(302);
    let mut body = order_of(&[(&product, 1)], true);
    body["coupon_id"] = coupon.into();
    let again = Mutex::new(Some((mina.clone(), body.clone())));
    world.stack.intercept(Some(Arc::new(Twice { looked: AtomicBool::new(false), again })));
    mina.post_with_key("/orders", body, mina.key()).await.expect(201);
    world.stack.intercept(None);
    assert_eq!((mina.balance().await, mina.pages("/orders", 100).await.len()), (46_000, 2));
    world.check_invariants().await;
}

#[tokio::test]
async fn a_coupon_that_takes_nothing_off_is_refused_and_stays_unused() {
    let world = World::new().await;
    let mina = world.user_with(1_000).await;
    let percent = json!({ "kind": "percent", "value": 1 });
    let (coupon, amount) = (world.coupon_with(json!({ "discount": percent })).await, world.coupon(5).await);
    for coupon in [&coupon, &amount] {
        mina.claim(coupon).await.expect(201);
    }
    let (pin, free) = (world.product(50, 5).await, world.product(0, 5).await);
    let before = world.dump();
    for pay in [true, false] {
        mina.order_with(&[(&pin, 1)], &coupon, pay).await.expect_problem(409, "coupon-not-applicable");
        for coupon in [&coupon, &amount] {
            mina.order_with(&[(&free, 5)], coupon, pay).await.expect_problem(409, "coupon-not-applicable");
        }
    }
    assert_eq!(world.dump(), before);
    assert_eq!(mina.coupon_state(&coupon).await, "unused");
    // Two of them cost enough for a hundredth to be a whole one.
    assert_eq!(mina.order_with(&[(&pin, 2)], &coupon, true).await.expect(201).body["discount"], 1);
    // A used coupon is refused as used, before its discount is looked at.
    mina.order_with(&[(&pin, 1)], &coupon, true).await.expect_problem(409, "coupon-used");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_coupon_brings_an_order_within_the_cap() {
    let world = World::new().await;
    let product = world.product(5_000_500, 5).await;
    let coupon = world.coupon(1).await;
    let mina = world.user_with(10_000_000).await;
    mina.claim(&coupon).await.expect(201);
    mina.buy(&[(&product, 2)]).await.expect_invalid("items");
    mina.order_with(&[(&product, 2)], &coupon, true).await.expect(201);
    assert_eq!(mina.balance().await, 0);
    world.check_invariants().await;
}
