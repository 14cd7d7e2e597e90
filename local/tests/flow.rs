//! The main job, end to end.

use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn a_seat_is_held_paid_for_and_sold() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user_with(200_000).await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201);
    assert_eq!(held.body["state"], "held");
    assert_eq!(held.body["total"], 100_000);
    let paid = mina.pay(&held.reservation()).await.expect(201);
    assert_eq!(paid.body["amount"], 100_000);
    assert_eq!(mina.balance().await, 100_000);
    let seat = mina.get(&format!("/schedules/{schedule}/seats/A-1-1")).await.expect(200);
    assert_eq!(seat.body["state"], "sold");
    let reservation = mina.get(&format!("/reservations/{}", held.reservation())).await.expect(200);
    assert_eq!(reservation.body["state"], "paid");
    let again = mina.pay(&held.reservation()).await.expect(200);
    assert_eq!(again.body, paid.body);
}

#[tokio::test]
async fn a_seat_nobody_pays_for_is_free_again() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(200_000).await, world.user_with(200_000).await);
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201);
    joon.hold(&schedule, &["A-1-1"]).await.expect_problem(409, "seat-taken");
    world.wait(302);
    let taken_over = joon.hold(&schedule, &["A-1-1"]).await.expect(201);
    mina.pay(&held.reservation()).await.expect_problem(409, "hold-expired");
    let swept = world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(swept, json!({ "closed": 1, "failed": 0, "deletions": 0 }));
    joon.pay(&taken_over.reservation()).await.expect(201);
    let ended = mina.get(&format!("/reservations/{}", held.reservation())).await.expect(200);
    assert_eq!(ended.body["state"], "expired");
}

#[tokio::test]
async fn a_declined_payment_releases_its_hold_through_the_queue() {
    let world = World::releasing().await;
    let schedule = world.schedule_with_seats().await;
    let (poor, rich) = (world.user_with(10).await, world.user_with(200_000).await);
    let held = poor.hold(&schedule, &["A-1-1"]).await.expect(201);
    poor.pay(&held.reservation()).await.expect_problem(402, "insufficient-balance");
    rich.hold(&schedule, &["A-1-1"]).await.expect_problem(409, "seat-taken");
    world.stack.drain_events().await.expect("settled");
    rich.hold(&schedule, &["A-1-1"]).await.expect(201);
    poor.pay(&held.reservation()).await.expect_problem(409, "payment-declined");
    assert_eq!(poor.balance().await, 10);
}
