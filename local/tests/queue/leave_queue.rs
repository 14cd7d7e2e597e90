//! DELETE /queues/{queue_id}/tokens/me

use serde_json::json;

use crate::support::World;
use crate::support::queue::QUEUE;

#[tokio::test]
async fn who_waits_may_leave_and_nobody_waits_for_who_left() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    let mut crowd = world.joined_users(3).await;
    crowd[1].leave().await.expect(204);
    assert_eq!(world.state_of(&crowd[1]), "left");
    let before = world.dump();
    crowd[1].leave().await.expect(204);
    assert_eq!(world.dump(), before, "leaving twice is leaving once");
    world.ticks(2).await;
    crowd[0].poll().await.expect(200);
    crowd[0].leave().await.expect(204);
    world.stack.drain_events().await.expect("settled");
    // The number of who left is passed over.
    world.ticks(2).await;
    assert_eq!(crowd[1].poll().await.expect(200).body["state"], "left");
    assert_eq!(crowd[2].poll().await.expect(200).body["state"], "admitted");
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 1);
}

#[tokio::test]
async fn who_leaves_the_sale_frees_one_place_once() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    let mut mina = world.admitted_user().await;
    let mut joon = world.joined_user().await;
    world.tick().await;
    for _ in 0..2 {
        mina.leave().await.expect(204);
        world.stack.drain_events().await.expect("settled");
        assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 0);
    }
    world.wait(1);
    assert_eq!(mina.poll().await.expect(200).body["state"], "left");
    world.tick().await;
    assert_eq!(joon.poll().await.expect(200).body["state"], "admitted");
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 1);
}

#[tokio::test]
async fn nobody_leaves_seats_behind_that_can_be_neither_paid_nor_had() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({})).await;
    let mina = world.admitted_user().await;
    let held = mina.hold(&hall, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    let before = world.dump();
    mina.leave().await.expect_problem(409, "has-live-hold");
    assert_eq!(world.dump(), before);
    mina.delete(&format!("/reservations/{held}/tickets/A-1-1")).await.expect(200);
    mina.leave().await.expect_problem(409, "has-live-hold");
    mina.delete(&format!("/reservations/{held}")).await.expect(200);
    mina.leave().await.expect(204);
    assert_eq!(world.state_of(&mina), "left");
    world.quiesce().await;
}

#[tokio::test]
async fn a_hold_that_has_lapsed_or_was_declined_keeps_nobody_in() {
    for declined in [false, true] {
        let world = World::releasing().await;
        let hall = world.queued_schedule(json!({})).await;
        let mut mina = world.user().await;
        mina.post("/wallet", json!({})).await.expect(201);
        mina.join().await.expect(201);
        world.ticks(2).await;
        mina.poll().await.expect(200);
        let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
        if declined {
            mina.pay(&held).await.expect_problem(402, "insufficient-balance");
        } else {
            world.wait(302);
        }
        mina.leave().await.expect(204);
        world.quiesce().await;
    }
}

#[tokio::test]
async fn a_hold_without_a_queue_keeps_nobody_in() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let hall = world.schedule_with_seats().await;
    let mina = world.admitted_user().await;
    mina.hold(&hall, &["A-1-1"]).await.expect(201);
    mina.leave().await.expect(204);
    assert_eq!(world.drain_and_check().await.held_and_sold(), (1, 0));
}

#[tokio::test]
async fn what_has_ended_stays_as_it_ended() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 3 })).await;
    let (used, lapsed) = (world.admitted_user().await, world.admitted_user().await);
    let mut missed = world.joined_user().await;
    let held = used.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    used.pay(&held).await.expect(201);
    used.leave().await.expect(204);
    assert_eq!(world.state_of(&used), "used");
    world.ticks(2).await;
    world.wait(90);
    world.tick().await;
    world.miss_second_call(&mut missed).await;
    missed.leave().await.expect(204);
    assert_eq!(world.state_of(&missed), "expired");
    // Its second has come and its token verifies still, for clocks differ: it lapsed, it was not left.
    world.wait(600 - 186);
    let lapsed = world.with_fresh_access_token(&lapsed).await;
    world.wait(4);
    for _ in 0..2 {
        lapsed.leave().await.expect(204);
        assert_eq!(world.state_of(&lapsed), "expired");
    }
    world.quiesce().await;
}

#[tokio::test]
async fn an_old_token_leaves_nothing() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let mut mina = world.joined_user().await;
    let old = mina.own_token();
    mina.leave().await.expect(204);
    world.wait(61);
    mina.join().await.expect(201);
    mina.with_queue_token(Some(&old)).leave().await.expect(204);
    assert_eq!(world.state_of(&mina), "waiting", "the place with the new number is untouched");
}

#[tokio::test]
async fn leaving_asks_for_the_own_token() {
    let world = World::new().await;
    world.queue(json!({})).await;
    world.put_queue("autumn", json!({})).await;
    let (mina, joon) = (world.joined_user().await, world.joined_user().await);
    let before = world.dump();
    mina.with_queue_token(None).leave().await.expect_problem(401, "queue-token-required");
    for wrong in ["garbage", &joon.own_token(), mina.token.as_deref().expect("a token")] {
        mina.with_queue_token(Some(wrong)).leave().await.expect_problem(401, "queue-token-invalid");
    }
    mina.delete("/queues/autumn/tokens/me").await.expect_problem(401, "queue-token-invalid");
    mina.delete("/queues/winter/tokens/me").await.expect_problem(404, "not-found");
    mina.delete("/queues/Spring/tokens/me").await.expect_invalid("queue_id");
    world.anonymous().with_queue_token(Some(&mina.own_token())).leave().await.expect(401);
    assert_eq!(world.dump(), before);
    // Half a day later a token that was never shown again is over, and good enough to leave with.
    world.wait(12 * 3_600 + 5);
    world.with_fresh_access_token(&mina).await.leave().await.expect(204);
    assert_eq!(world.state_of(&mina), "left");
}
