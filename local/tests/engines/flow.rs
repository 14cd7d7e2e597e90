//! What the product does most: everything that a user can do, with what follows from it.

use serde_json::json;

use crate::support::World;

/// Seats held, paid, lapsed and given back; orders with and without coupon; money; a waiting queue; all events; sweeps.
pub async fn main_flow(world: &World) {
    let hall = world.schedule_with_seats().await;
    let (product, coupon) = (world.product(1_000, 20).await, world.coupon(3).await);
    let (mina, joon, poor) =
        (world.user_with(500_000).await, world.user_with(500_000).await, world.user_with(10).await);

    let held = mina.hold(&hall, &["A-1-1", "A-1-26"]).await.expect(201).reservation();
    joon.hold(&hall, &["A-1-1"]).await.expect_problem(409, "seat-taken");
    mina.pay(&held).await.expect(201);
    mina.pay(&held).await.expect(200);
    let lapsed = joon.hold(&hall, &["A-1-2"]).await.expect(201).reservation();
    let declined = poor.hold(&hall, &["A-1-3"]).await.expect(201).reservation();
    poor.pay(&declined).await.expect_problem(402, "insufficient-balance");
    let cancelled = mina.hold(&hall, &["A-1-4"]).await.expect(201).reservation();
    mina.delete(&format!("/reservations/{cancelled}")).await.expect(200);

    mina.claim(&coupon).await.expect(201);
    mina.claim(&coupon).await.expect(200);
    let order = mina.order_with(&[(&product, 2)], &coupon, true).await.expect(201).order();
    joon.order(&[(&product, 3)]).await.expect(201);
    joon.order(&[(&product, 90)]).await.expect_problem(409, "out-of-stock");
    joon.post("/wallet/payments", json!({ "amount": 5, "memo": "tea" })).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    mina.refund_order(&order).await.expect(200);
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);

    world.queue(json!({ "capacity": 1 })).await;
    let mut first = world.admitted_user().await;
    let second = world.joined_user().await;
    first.poll().await.expect(200);
    second.leave().await.expect(204);
    first.leave().await.expect(204);

    world.wait(400);
    for sweep in ["run_expiry", "advance_queues", "rank_products"] {
        world.stack.run_schedule(sweep).await.expect("swept");
        world.stack.drain_events().await.expect("settled");
    }
    joon.pay(&lapsed).await.expect_problem(409, "hold-expired");
    for path in ["/reservations", "/orders", "/wallet/entries", "/users/me/coupons", "/concerts", "/products"] {
        mina.pages(path, 2).await;
    }
    world.check_invariants().await;
}
