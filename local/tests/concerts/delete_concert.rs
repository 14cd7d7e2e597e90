//! DELETE /concerts/{concert_id}

use std::sync::Arc;

use super::{NOBODY, concert, date, schedule, with_seats};
use crate::support::recorder::{Disturb, Fault};
use crate::support::{World, concurrently};

/// Whether anything of a concert is still in the table.
fn traces(world: &World, ids: &[&str]) -> usize {
    // The log tells of them for as long as entries are kept.
    let gone = |item: &&String| !item.contains("ADMIN#") && ids.iter().any(|id| item.contains(id));
    world.dump().iter().filter(gone).count()
}

async fn sweep(world: &World) {
    // One run removes the dates, the next the concert they belonged to.
    for _ in 0..2 {
        world.stack.run_schedule("run_expiry").await.expect("swept");
    }
}

#[tokio::test]
async fn a_deleted_concert_is_gone_at_once_with_all_its_dates() {
    let world = World::new().await;
    let (admin, mina, anybody) = (world.admin().await, world.user().await, world.anonymous());
    let (id, one) = with_seats(&world, &admin).await;
    let two = schedule(&admin, &id, date(&world, 10)).await;
    admin.delete(&format!("/concerts/{id}")).await.expect(204);
    anybody.get(&format!("/concerts/{id}")).await.expect_problem(404, "not-found");
    for path in ["/concerts", "/concerts?query=concert", "/concerts?query=c"] {
        assert!(anybody.pages(path, 100).await.is_empty(), "{path}");
    }
    for schedule in [&one, &two] {
        anybody.get(&format!("/schedules/{schedule}")).await.expect_problem(404, "not-found");
    }
    anybody.get(&format!("/concerts/{id}/schedules")).await.expect_problem(404, "no-bookable-schedule");
    mina.hold(&one, &["A-1-1"]).await.expect_problem(404, "seat-not-found");
    // Deleting again is the same success, and the concert does not come back by it.
    admin.delete(&format!("/concerts/{id}")).await.expect(204);
    admin.delete(&format!("/concerts/{id}/schedules/{one}")).await.expect(204);
    anybody.get(&format!("/concerts/{id}")).await.expect_problem(404, "not-found");
    world.wait(400);
    sweep(&world).await;
    assert_eq!(traces(&world, &[&id, &one, &two]), 0);
    admin.delete(&format!("/concerts/{id}")).await.expect(204);
}

#[tokio::test]
async fn a_concert_with_a_held_seat_stays_as_it_was() {
    let world = World::new().await;
    let (admin, mina) = (world.admin().await, world.user_with(200_000).await);
    let id = concert(&admin, "Concert").await;
    let mut dates = Vec::new();
    for days in [10, 20, 30] {
        let date = schedule(&admin, &id, date(&world, days)).await;
        admin.post(&format!("/schedules/{date}/seats"), serde_json::json!({})).await.expect(201);
        dates.push(date);
    }
    // Of the last date, so that those before it are shut first and must be open again.
    let held = mina.hold(&dates[2], &["A-1-50"]).await.expect(201);
    let before = world.dump();
    admin.delete(&format!("/concerts/{id}")).await.expect_problem(409, "has-live-reservations");
    assert_eq!(world.dump(), before);
    for date in &dates {
        mina.hold(date, &["A-1-1"]).await.expect(201);
    }
    mina.pay(&held.reservation()).await.expect(201);
    assert_eq!(world.anonymous().pages("/concerts?query=concert", 1).await.len(), 1);
}

#[tokio::test]
async fn a_concert_without_dates_is_deleted() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin, "Concert").await;
    admin.delete(&format!("/concerts/{id}")).await.expect(204);
    world.wait(400);
    sweep(&world).await;
    assert_eq!(traces(&world, &[&id]), 0);
}

#[tokio::test]
async fn a_date_deleted_before_does_not_stand_in_the_way() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (id, one) = with_seats(&world, &admin).await;
    let two = schedule(&admin, &id, date(&world, 10)).await;
    admin.delete(&format!("/concerts/{id}/schedules/{one}")).await.expect(204);
    admin.delete(&format!("/concerts/{id}")).await.expect(204);
    world.wait(400);
    sweep(&world).await;
    assert_eq!(traces(&world, &[&id, &one, &two]), 0);
}

#[tokio::test]
async fn what_is_not_there_is_deleted_and_nothing_else() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (id, _) = with_seats(&world, &admin).await;
    let before = world.dump();
    admin.delete(&format!("/concerts/{NOBODY}")).await.expect(204);
    admin.delete("/concerts/x").await.expect_invalid("concert_id");
    world.user().await.delete(&format!("/concerts/{id}")).await.expect_problem(403, "forbidden");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn a_deletion_that_died_half_way_is_undone_by_the_sweep() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (id, one) = with_seats(&world, &admin).await;
    let two = schedule(&admin, &id, date(&world, 40)).await;
    admin.post(&format!("/schedules/{two}/seats"), serde_json::json!({})).await.expect(201);
    let before = world.dump();
    // The mark of the concert and both blocks of the first date pass; the second date's blocks do not.
    world.stack.intercept(Some(Arc::new(Disturb::after("UpdateItem", Fault::LoseRequest, 3, 1_000))));
    admin.delete(&format!("/concerts/{id}")).await.expect_problem(503, "busy");
    world.stack.intercept(None);
    assert_ne!(world.dump(), before);
    world.wait(400);
    sweep(&world).await;
    assert_eq!(world.dump(), before);
    let mina = world.user().await;
    for date in [&one, &two] {
        mina.hold(date, &["A-1-1", "A-1-50"]).await.expect(201);
    }
}

#[tokio::test]
async fn a_deletion_whose_last_answer_was_lost_is_carried_out() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (id, one) = with_seats(&world, &admin).await;
    // The mark of the date, then the note that it is certain.
    world.stack.intercept(Some(Arc::new(Disturb::after("TransactWriteItems", Fault::LoseAnswer, 1, 1_000))));
    admin.delete(&format!("/concerts/{id}")).await.expect_problem(503, "busy");
    world.stack.intercept(None);
    admin.delete(&format!("/concerts/{id}/schedules/{one}")).await.expect(204);
    admin.delete(&format!("/concerts/{id}")).await.expect(204);
    world.wait(400);
    sweep(&world).await;
    assert_eq!(traces(&world, &[&id, &one]), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_deletions_at_once_delete_it_or_leave_it() {
    for round in 0..8 {
        let world = World::new().await;
        let admin = world.admin().await;
        let (id, one) = with_seats(&world, &admin).await;
        let two = schedule(&admin, &id, date(&world, 40)).await;
        let before = world.dump();
        let replies = concurrently(0..4, |_| {
            let (admin, path) = (admin.clone(), format!("/concerts/{id}"));
            async move { admin.delete(&path).await }
        })
        .await;
        let done = replies.iter().filter(|reply| reply.status == 204).count();
        for reply in replies.into_iter().filter(|reply| reply.status != 204) {
            reply.expect_problem(503, "busy");
        }
        world.wait(400);
        sweep(&world).await;
        // Whoever was told that it is gone was told the truth; if nobody was, nothing has changed.
        match done {
            0 => assert_eq!(world.dump(), before, "round {round}"),
            _ => assert_eq!(traces(&world, &[&id, &one, &two]), 0, "round {round}, {done} done"),
        }
    }
}
