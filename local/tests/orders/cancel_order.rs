//! DELETE /orders/{order_id}

use serde_json::json;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn a_pending_order_is_given_up_once() {
    let world = World::new().await;
    let (product, coupon) = (world.product(5_000, 5).await, world.coupon(5).await);
    let (mina, joon) = (world.user().await, world.user().await);
    mina.claim(&coupon).await.expect(201);
    let order = mina.order_with(&[(&product, 5)], &coupon, false).await.expect(201).order();
    joon.order(&[(&product, 1)]).await.expect_problem(409, "out-of-stock");
    let path = format!("/orders/{order}");
    let gone = mina.delete(&path).await.expect(200);
    assert_eq!((&gone.body["state"], &gone.body["reason"]), (&json!("cancelled"), &json!("cancelled-by-owner")));
    let before = world.dump();
    assert_eq!(mina.delete(&path).await.expect(200).body, gone.body);
    assert_eq!(world.dump(), before, "repeating it gives nothing back again");
    assert_eq!((world.units_left(&product), mina.coupon_state(&coupon).await), (5, "unused".into()));
    mina.pay_order(&order).await.expect_problem(409, "hold-expired");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_paid_one_is_not_given_up_like_that() {
    let world = World::new().await;
    let product = world.product(5_000, 5).await;
    let mina = world.user_with(5_000).await;
    let order = mina.buy(&[(&product, 1)]).await.expect(201).order();
    let before = world.dump();
    mina.delete(&format!("/orders/{order}")).await.expect_problem(409, "already-paid");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn one_that_has_lapsed_has_expired() {
    let world = World::new().await;
    let product = world.product(5_000, 5).await;
    let mina = world.user().await;
    let order = mina.order(&[(&product, 5)]).await.expect(201).order();
    world.wait(302);
    assert_eq!(mina.delete(&format!("/orders/{order}")).await.expect(200).body["state"], "expired");
    assert_eq!(world.units_left(&product), 5);
    world.check_invariants().await;
}

#[tokio::test]
async fn somebody_elses_is_not_there() {
    let world = World::new().await;
    let product = world.product(5_000, 5).await;
    let (mina, joon) = (world.user().await, world.user().await);
    let order = mina.order(&[(&product, 1)]).await.expect(201).order();
    let others = joon.delete(&format!("/orders/{order}")).await.expect_problem(404, "not-found");
    let nobodys = joon.delete(&format!("/orders/{NOBODY}")).await.expect_problem(404, "not-found");
    assert_eq!(others.apart_from_instance(), nobodys.apart_from_instance());
    assert_eq!(mina.order_state(&order).await, "pending");
}
