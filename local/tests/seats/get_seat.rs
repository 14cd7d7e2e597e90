//! GET /schedules/{schedule_id}/seats/{seat_id}

use serde_json::json;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn a_seat_shows_its_place_price_and_state() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(50_000).await;
    let path = format!("/schedules/{id}/seats/A-1-12");
    let shown = |state: &str| json!({ "seat_id": "A-1-12", "section": "A", "row": "1", "number": 12, "price": 50_000, "state": state });
    let anybody = world.anonymous();
    assert_eq!(anybody.get(&path).await.expect(200).body, shown("available"));
    mina.hold(&id, &["A-1-12"]).await.expect(201);
    assert_eq!(anybody.get(&path).await.expect(200).body, shown("held"));
    world.wait(302);
    assert_eq!(anybody.get(&path).await.expect(200).body, shown("available"));
    let held = mina.hold(&id, &["A-1-12"]).await.expect(201);
    mina.pay(&held.reservation()).await.expect(201);
    assert_eq!(anybody.get(&path).await.expect(200).body, shown("sold"));
}

#[tokio::test]
async fn a_held_seat_is_held_to_its_last_second() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let held = world.user().await.hold(&id, &["A-1-1"]).await.expect(201);
    assert_eq!(held.body["expires_at"], "2026-11-21T10:05:01Z");
    let state = async || world.anonymous().get(&format!("/schedules/{id}/seats/A-1-1")).await.expect(200).text("state");
    world.wait(300);
    assert_eq!(state().await, "held");
    world.wait(1);
    assert_eq!(state().await, "available");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    let (id, other) = (world.schedule_with_seats().await, world.schedule().await);
    let anybody = world.anonymous();
    for path in [
        format!("/schedules/{id}/seats/A-1-51"),
        format!("/schedules/{id}/seats/B-1-1"),
        format!("/schedules/{other}/seats/A-1-1"),
        format!("/schedules/{NOBODY}/seats/A-1-1"),
    ] {
        anybody.get(&path).await.expect_problem(404, "seat-not-found");
    }
}

#[tokio::test]
async fn what_is_no_seat_id_is_a_bad_request() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    for seat in
        ["A", "A-1", "A-1-0", "A-1-01", "A-1--1", "A-1-1-1", "A-1-25001", "A-1-x", "A%23-1-1", "A-1-%00", "-1-1"]
    {
        world.anonymous().get(&format!("/schedules/{id}/seats/{seat}")).await.expect_invalid("seat_id");
    }
    world.anonymous().get("/schedules/x/seats/A-1-1").await.expect_invalid("schedule_id");
    world.anonymous().get(&format!("/schedules/{id}/seats/%FF")).await.expect_invalid("seat_id");
}
