//! DELETE /schedules/{schedule_id}/seats/{seat_id}/hold

use super::NOBODY;
use crate::support::{Person, Reply, World};

async fn release(person: &Person, schedule: &str, seat: &str) -> Reply {
    person.delete(&format!("/schedules/{schedule}/seats/{seat}/hold")).await
}

#[tokio::test]
async fn a_released_seat_is_anybodys() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user().await);
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201);
    let reply = release(&mina, &id, "A-1-1").await.expect(204);
    assert!(reply.bytes.is_empty());
    let shown = mina.get(&format!("/reservations/{}", held.reservation())).await.expect(200);
    assert_eq!((&shown.body["state"], &shown.body["total"]), (&"cancelled".into(), &50_000.into()));
    joon.hold(&id, &["A-1-1"]).await.expect(201);
    // The limit counts what one has, not what one had.
    mina.hold(&id, &["A-1-2", "A-1-3", "A-1-4", "A-1-5"]).await.expect(201);
}

#[tokio::test]
async fn one_seat_of_a_group_is_released_alone() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user().await);
    let held = mina.hold(&id, &["A-1-1", "A-1-2"]).await.expect(201);
    release(&mina, &id, "A-1-1").await.expect(204);
    let shown = mina.get(&format!("/reservations/{}", held.reservation())).await.expect(200);
    assert_eq!((&shown.body["state"], &shown.body["total"]), (&"held".into(), &50_000.into()));
    joon.hold(&id, &["A-1-1"]).await.expect(201);
    joon.hold(&id, &["A-1-2"]).await.expect_problem(409, "seat-taken");
}

#[tokio::test]
async fn what_one_does_not_hold_cannot_be_released() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(100_000).await, world.user().await);
    mina.hold(&id, &["A-1-1"]).await.expect(201);
    let before = world.dump();
    let others = release(&joon, &id, "A-1-1").await.expect_problem(404, "not-held-by-you");
    let free = release(&joon, &id, "A-1-2").await.expect_problem(404, "not-held-by-you");
    let nowhere = release(&joon, NOBODY, "A-1-1").await.expect_problem(404, "not-held-by-you");
    let no_seat = release(&joon, &id, "Z-9-9").await.expect_problem(404, "not-held-by-you");
    for reply in [&free, &nowhere, &no_seat] {
        assert_eq!(reply.apart_from_instance(), others.apart_from_instance());
    }
    assert_eq!(world.dump(), before);
    // Sold is no longer held, and neither is what has lapsed or was released before.
    let bought = mina.hold(&id, &["A-1-3"]).await.expect(201);
    mina.pay(&bought.reservation()).await.expect(201);
    release(&mina, &id, "A-1-3").await.expect_problem(404, "not-held-by-you");
    release(&mina, &id, "A-1-1").await.expect(204);
    release(&mina, &id, "A-1-1").await.expect_problem(404, "not-held-by-you");
    mina.hold(&id, &["A-1-4"]).await.expect(201);
    world.wait(302);
    release(&mina, &id, "A-1-4").await.expect_problem(404, "not-held-by-you");
    release(&mina, &id, "A-1").await.expect_invalid("seat_id");
    release(&mina, "x", "A-1-1").await.expect_invalid("schedule_id");
}
