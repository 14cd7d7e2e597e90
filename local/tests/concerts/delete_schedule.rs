//! DELETE /concerts/{concert_id}/schedules/{schedule_id}

use std::sync::Arc;

use super::{NOBODY, concert, date, schedule, with_seats};
use crate::support::recorder::{Disturb, Fault};
use crate::support::{Person, World};

/// Whether anything of a schedule is still in the table.
fn traces(world: &World, id: &str) -> usize {
    // The log tells of it for as long as entries are kept.
    world.dump().iter().filter(|item| item.contains(id) && !item.contains("ADMIN#")).count()
}

async fn admin_and_buyer(world: &World) -> (Person, Person) {
    (world.admin().await, world.user_with(200_000).await)
}

#[tokio::test]
async fn a_deleted_date_is_gone_at_once_and_removed_by_the_sweep() {
    let world = World::new().await;
    let (admin, mina) = (world.admin().await, world.user_with(200_000).await);
    let (concert, id) = with_seats(&world, &admin).await;
    let path = format!("/concerts/{concert}/schedules/{id}");
    let reply = admin.delete(&path).await.expect(204);
    assert!(reply.bytes.is_empty());
    mina.hold(&id, &["A-1-1"]).await.expect_problem(404, "seat-not-found");
    mina.put(&format!("/schedules/{id}/seats/A-1-1/hold")).await.expect_problem(404, "seat-not-found");
    let anybody = world.anonymous();
    anybody.get(&format!("/schedules/{id}")).await.expect_problem(404, "not-found");
    anybody.get(&format!("/concerts/{concert}/schedules")).await.expect_problem(404, "no-bookable-schedule");
    anybody.get(&format!("/schedules/{id}/seats")).await.expect_problem(404, "no-seats");
    anybody.get(&format!("/schedules/{id}/seats/A-1-1")).await.expect_problem(404, "seat-not-found");
    let again = admin.post(&format!("/schedules/{id}/seats"), serde_json::json!({})).await;
    again.expect_problem(404, "not-found");
    // Before the sweep and after it, deleting again is the same success.
    admin.delete(&path).await.expect(204);
    assert!(traces(&world, &id) > 0);
    world.wait(400);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(traces(&world, &id), 0);
    admin.delete(&path).await.expect(204);
    anybody.get(&format!("/concerts/{concert}")).await.expect(200);
}

#[tokio::test]
async fn a_date_with_a_held_or_sold_seat_stays_as_it_was() {
    let world = World::new().await;
    let (admin, mina) = (world.admin().await, world.user_with(200_000).await);
    let (concert, id) = with_seats(&world, &admin).await;
    let path = format!("/concerts/{concert}/schedules/{id}");
    // The last block: those before it are shut first, and must be open again.
    let held = mina.hold(&id, &["A-1-50"]).await.expect(201);
    let before = world.dump();
    admin.delete(&path).await.expect_problem(409, "has-live-reservations");
    assert_eq!(world.dump(), before);
    mina.hold(&id, &["A-1-1"]).await.expect(201);
    mina.pay(&held.reservation()).await.expect(201);
    admin.delete(&path).await.expect_problem(409, "has-live-reservations");
    world.anonymous().get(&format!("/schedules/{id}")).await.expect(200);
    world.wait(400);
    let (admin, joon) = admin_and_buyer(&world).await;
    admin.delete(&path).await.expect_problem(409, "has-live-reservations");
    world.stack.run_schedule("run_expiry").await.expect("swept");
    joon.hold(&id, &["A-1-1", "A-1-49"]).await.expect(201);
}

#[tokio::test]
async fn lapsed_and_cancelled_holds_do_not_stand_in_the_way() {
    let world = World::new().await;
    let (admin, mina) = (world.admin().await, world.user().await);
    let (concert, id) = with_seats(&world, &admin).await;
    let path = format!("/concerts/{concert}/schedules/{id}");
    let given_back = mina.hold(&id, &["A-1-1"]).await.expect(201);
    mina.delete(&format!("/reservations/{}", given_back.reservation())).await.expect(200);
    let lapsed = mina.hold(&id, &["A-1-2"]).await.expect(201);
    world.wait(302);
    admin.delete(&path).await.expect(204);
    // What was held stays readable.
    let shown = mina.get(&format!("/reservations/{}", lapsed.reservation())).await.expect(200);
    assert_eq!(shown.body["state"], "expired");
}

#[tokio::test]
async fn what_is_not_there_is_deleted_and_nothing_else() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert_id, id) = with_seats(&world, &admin).await;
    let other = concert(&admin, "Another").await;
    let before = world.dump();
    admin.delete(&format!("/concerts/{concert_id}/schedules/{NOBODY}")).await.expect(204);
    admin.delete(&format!("/concerts/{NOBODY}/schedules/{id}")).await.expect(204);
    admin.delete(&format!("/concerts/{other}/schedules/{id}")).await.expect(204);
    admin.delete(&format!("/concerts/{concert_id}/schedules/x")).await.expect_invalid("schedule_id");
    let path = format!("/concerts/{concert_id}/schedules/{id}");
    world.user().await.delete(&path).await.expect_problem(403, "forbidden");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn a_date_without_seats_is_deleted() {
    let world = World::new().await;
    let admin = world.admin().await;
    let concert = concert(&admin, "Concert").await;
    let id = schedule(&admin, &concert, date(&world, 30)).await;
    admin.delete(&format!("/concerts/{concert}/schedules/{id}")).await.expect(204);
    world.wait(400);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(traces(&world, &id), 0);
}

#[tokio::test]
async fn a_deletion_that_died_half_way_is_undone_by_the_sweep() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, id) = with_seats(&world, &admin).await;
    let path = format!("/concerts/{concert}/schedules/{id}");
    for shut in [0, 1] {
        let admin = world.admin().await;
        let before = world.dump();
        let death = Arc::new(Disturb::after("UpdateItem", Fault::LoseRequest, shut, 1_000));
        world.stack.intercept(Some(death.clone()));
        admin.delete(&path).await.expect_problem(503, "busy");
        world.stack.intercept(None);
        assert!(death.disturbed_calls() > 0);
        assert_ne!(world.dump(), before);
        // Nobody else can end it before the sweep; nor can anybody buy what may be going, or is told that it is gone.
        admin.delete(&path).await.expect_problem(503, "busy");
        world.user().await.hold(&id, &["A-1-1"]).await.expect_problem(503, "busy");
        world.wait(400);
        world.stack.run_schedule("run_expiry").await.expect("swept");
        assert_eq!(world.dump(), before);
    }
    let joon = world.user_with(0).await;
    joon.hold(&id, &["A-1-1", "A-1-49"]).await.expect(201);
    world.anonymous().get(&format!("/concerts/{concert}/schedules")).await.expect(200);
}

#[tokio::test]
async fn a_deletion_that_died_half_way_is_taken_over_also_without_the_sweep() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, id) = with_seats(&world, &admin).await;
    world.stack.intercept(Some(Arc::new(Disturb::after("UpdateItem", Fault::LoseRequest, 1, 1_000))));
    admin.delete(&format!("/concerts/{concert}")).await.expect_problem(503, "busy");
    world.stack.intercept(None);
    world.wait(301);
    admin.delete(&format!("/concerts/{concert}/schedules/{id}")).await.expect(204);
    admin.delete(&format!("/concerts/{concert}")).await.expect(204);
    world.anonymous().get(&format!("/concerts/{concert}")).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn a_deletion_that_is_refused_is_noticed_by_nobody() {
    let world = World::new().await;
    let (admin, mina) = (world.admin().await, world.user_with(200_000).await);
    let (concert, id) = with_seats(&world, &admin).await;
    let held = mina.hold(&id, &["A-1-50"]).await.expect(201);
    mina.pay(&held.reservation()).await.expect(201);
    let before = world.dump();
    admin.delete(&format!("/concerts/{concert}/schedules/{id}")).await.expect_problem(409, "has-live-reservations");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn a_deletion_whose_last_answer_was_lost_is_carried_out() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, id) = with_seats(&world, &admin).await;
    let path = format!("/concerts/{concert}/schedules/{id}");
    // The mark, then the note that it is certain.
    let loss = Arc::new(Disturb::after("TransactWriteItems", Fault::LoseAnswer, 1, 1_000));
    world.stack.intercept(Some(loss.clone()));
    admin.delete(&path).await.expect_problem(503, "busy");
    world.stack.intercept(None);
    assert!(loss.disturbed_calls() > 0);
    admin.delete(&path).await.expect(204);
    world.user().await.hold(&id, &["A-1-1"]).await.expect_problem(404, "seat-not-found");
    world.wait(400);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(traces(&world, &id), 0);
}

/// Whoever deletes has a clock that is ahead of the payer's: one of them believes that the hold is over.
#[tokio::test]
async fn nobody_pays_for_a_seat_that_a_faster_clock_has_taken_away() {
    let world = World::new().await;
    let (admin, mina) = (world.admin().await, world.user_with(200_000).await);
    let (concert, id) = with_seats(&world, &admin).await;
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    world.wait(305);
    admin.delete(&format!("/concerts/{concert}/schedules/{id}")).await.expect(204);
    world.wait(-10);
    mina.pay(&held).await.expect_problem(503, "busy");
    world.wait(10);
    mina.pay(&held).await.expect_problem(409, "hold-expired");
    assert_eq!(mina.balance().await, 200_000);
    world.wait(400);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    assert_eq!(traces(&world, &format!("SEATS#{id}")), 0);
    world.check_invariants().await;
}
