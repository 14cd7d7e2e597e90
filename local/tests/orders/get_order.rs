//! GET /orders/{order_id}

use std::sync::Arc;

use serde_json::json;

use super::NOBODY;
use crate::support::World;
use crate::support::recorder::{Disturb, Fault};

#[tokio::test]
async fn an_order_is_shown_as_it_was_placed() {
    let world = World::new().await;
    let product = world.product(1_000, 5).await;
    let (mina, joon) = (world.user().await, world.user().await);
    let placed = mina.order(&[(&product, 2)]).await.expect(201);
    let path = format!("/orders/{}", placed.order());
    assert_eq!(mina.get(&path).await.expect(200).body, placed.body);
    let others = joon.get(&path).await.expect_problem(404, "not-found");
    let nobodys = joon.get(&format!("/orders/{NOBODY}")).await.expect_problem(404, "not-found");
    assert_eq!(others.apart_from_instance(), nobodys.apart_from_instance());
}

#[tokio::test]
async fn one_that_has_lapsed_is_closed_on_the_spot() {
    let world = World::new().await;
    let (product, coupon) = (world.product(5_000, 2).await, world.coupon(2).await);
    let mina = world.user().await;
    mina.claim(&coupon).await.expect(201);
    let order = mina.order_with(&[(&product, 2)], &coupon, false).await.expect(201).order();
    world.wait(300);
    assert_eq!(mina.order_state(&order).await, "pending", "in its last second");
    world.wait(1);
    let shown = mina.get(&format!("/orders/{order}")).await.expect(200).body;
    assert_eq!((&shown["state"], &shown["reason"]), (&json!("expired"), &json!("not-paid-in-time")));
    assert_eq!((world.units_left(&product), mina.coupon_state(&coupon).await), (2, "unused".into()));
    let swept = world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(swept["closed"], 0, "nothing is left to the sweep");
    world.check_invariants().await;
}

#[tokio::test]
async fn one_that_cannot_be_closed_is_shown_as_expired_all_the_same() {
    let world = World::new().await;
    let product = world.product(5_000, 2).await;
    let mina = world.user().await;
    let order = mina.order(&[(&product, 2)]).await.expect(201).order();
    world.wait(302);
    let throttled = Arc::new(Disturb::next("TransactWriteItems", Fault::Throttle, 1_000));
    world.stack.intercept(Some(throttled.clone()));
    assert_eq!(mina.order_state(&order).await, "expired");
    world.stack.intercept(None);
    assert!(throttled.disturbed_calls() > 0);
    assert_eq!(world.units_left(&product), 0);
    assert_eq!(mina.order_state(&order).await, "expired");
    assert_eq!(world.units_left(&product), 2);
}
