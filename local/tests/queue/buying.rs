//! Holding and paying behind a queue: what a token is worth, and for how long.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::queue::QUEUE;
use crate::support::{Person, Reply, World};

async fn hold_with_key(person: &Person, schedule: &str, seat: &str, key: u128) -> Reply {
    let body = json!({ "schedule_id": schedule, "seat_ids": [seat] });
    person.post_with_key("/reservations", body, Uuid::from_u128(key)).await
}

async fn pay_with_key(person: &Person, reservation: &str, key: u128) -> Reply {
    person.post_with_key("/payments", json!({ "reservation_id": reservation }), Uuid::from_u128(key)).await
}

#[tokio::test]
async fn a_hold_does_not_outlast_its_token() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "active_minutes": 6 })).await;
    let mina = world.admitted_user().await;
    // Admitted in second 2, so until second 362. Up to second 61 a hold has its five minutes, rounded up.
    for (at, seat, until) in [
        (50, "A-1-1", "10:05:51Z"),
        (60, "A-1-2", "10:06:01Z"),
        (61, "A-1-3", "10:06:02Z"),
        (300, "A-1-4", "10:06:02Z"),
    ] {
        let start: jiff::Timestamp = "2026-11-21T10:00:00Z".parse().expect("a time");
        world.wait(start.as_second() + at - world.clock.now().as_second());
        let held = mina.hold(&hall, &[seat]).await.expect(201);
        assert_eq!(held.text("expires_at"), format!("2026-11-21T{until}"), "held in second {at}");
        if at == 50 {
            mina.delete(&format!("/reservations/{}", held.reservation())).await.expect(200);
        }
        world.check_invariants().await;
    }
    // In the last second of the token the last hold can be paid.
    world.wait(61);
    let listed = mina.get("/reservations").await.expect(200).body;
    let last = listed["items"][0]["reservation_id"].as_str().expect("an id").to_owned();
    mina.pay(&last).await.expect(201);
    world.quiesce().await;
}

#[tokio::test]
async fn a_token_that_ends_ends_its_holds() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "active_minutes": 1 })).await;
    let mina = world.admitted_user().await;
    let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    world.wait(60);
    mina.pay(&held).await.expect_problem(409, "hold-expired");
    let mut joon = world.joined_user().await;
    world.until_admitted(&mut joon).await;
    // Free for the next, with nobody sweeping.
    joon.hold(&hall, &["A-1-1"]).await.expect(201);
    assert_eq!(mina.balance().await, 1_000_000);
    world.quiesce().await;
}

#[tokio::test]
async fn paying_uses_the_token_up_and_frees_one_place() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 1 })).await;
    let mina = world.admitted_user().await;
    let mut joon = world.joined_user().await;
    let one = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    let two = mina.hold(&hall, &["A-1-2"]).await.expect(201).reservation();
    assert_eq!(world.entry_of(&mina)["holds"], json!({ "N": "2" }));
    mina.pay(&one).await.expect(201);
    let used = world.entry_of(&mina);
    assert_eq!(used["state"], json!({ "S": "used" }));
    mina.hold(&hall, &["A-1-3"]).await.expect_problem(403, "queue-token-ended");
    world.stack.drain_events().await.expect("settled");
    world.until_admitted(&mut joon).await;
    // The second reservation of the same admission is paid when its place is somebody else's already.
    mina.pay(&two).await.expect(201);
    assert_eq!(world.entry_of(&mina)["ended_at"], used["ended_at"], "it ended once");
    let books = world.drain_and_check().await;
    assert_eq!((books.places_in_use(QUEUE), books.held_and_sold()), (1, (0, 2)));
    world.quiesce().await;
}

#[tokio::test]
async fn a_declined_payment_keeps_the_token() {
    let world = World::releasing().await;
    let hall = world.queued_schedule(json!({ "capacity": 1 })).await;
    let mut mina = world.user().await;
    mina.post("/wallet", json!({})).await.expect(201);
    mina.join().await.expect(201);
    world.until_admitted(&mut mina).await;
    let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect_problem(402, "insufficient-balance");
    world.stack.drain_events().await.expect("settled");
    assert_eq!(world.state_of(&mina), "admitted");
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 1, "a decline frees no place");
    mina.pay(&held).await.expect_problem(409, "payment-declined");
    mina.post("/wallet/charges", json!({ "amount": 50_000 })).await.expect(201);
    let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 0);
    world.quiesce().await;
}

#[tokio::test]
async fn without_a_wallet_a_token_is_kept() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({})).await;
    let mut mina = world.user().await;
    mina.join().await.expect(201);
    world.until_admitted(&mut mina).await;
    let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect_problem(404, "no-wallet");
    assert_eq!(world.state_of(&mina), "admitted");
}

#[tokio::test]
async fn repeats_are_answered_after_the_token_has_ended() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({})).await;
    let mina = world.admitted_user().await;
    let held = hold_with_key(&mina, &hall, "A-1-1", 1).await.expect(201);
    let paid = pay_with_key(&mina, &held.reservation(), 2).await.expect(201);
    let before = world.dump();
    let bare = mina.with_queue_token(None);
    for person in [&mina, &bare, &mina.with_queue_token(Some("garbage"))] {
        let again = hold_with_key(person, &hall, "A-1-1", 1).await.expect(201);
        assert!(again.replayed());
        assert_eq!(again.reservation(), held.reservation());
        let again = pay_with_key(person, &held.reservation(), 2).await.expect(201);
        assert_eq!((again.replayed(), &again.body), (true, &paid.body));
        assert_eq!(person.pay(&held.reservation()).await.expect(200).body, paid.body);
        hold_with_key(person, &hall, "A-1-2", 1).await.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(world.dump(), before);
    // With another key it is another request.
    hold_with_key(&mina, &hall, "A-1-2", 3).await.expect_problem(403, "queue-token-ended");
    let put = async |person: &Person, key: u128| {
        let path = format!("/schedules/{hall}/seats/A-1-5/hold");
        person.call(axum::http::Method::PUT, &path, None, Some(Uuid::from_u128(key))).await
    };
    put(&mina, 4).await.expect_problem(403, "queue-token-ended");
    let joon = world.admitted_user().await;
    let one = put(&joon, 5).await.expect(201).reservation();
    assert_eq!(put(&joon, 6).await.expect(200).reservation(), one, "one's own live hold");
    world.wait(600);
    let later = put(&world.with_fresh_access_token(&joon).await, 5).await.expect(201);
    assert_eq!((later.replayed(), later.body["state"].clone()), (true, json!("expired")));
}

#[tokio::test]
async fn what_is_held_is_paid_before_the_queue_is_joined_again() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 1, "admit_per_second": 10 })).await;
    let mut mina = world.admitted_user().await;
    let mut held = Vec::new();
    for seat in ["A-1-1", "A-1-2", "A-1-3"] {
        held.push(mina.hold(&hall, &[seat]).await.expect(201).reservation());
    }
    mina.pay(&held[0]).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    // With another number she could pay nothing that is held still.
    mina.join().await.expect_problem(409, "has-live-hold");
    mina.pay(&held[1]).await.expect(201);
    mina.join().await.expect_problem(409, "has-live-hold");
    mina.delete(&format!("/reservations/{}", held[2])).await.expect(200);
    assert_eq!(world.state_of(&mina), "used");
    assert_eq!(mina.join().await.expect(201).body["number"], 2);
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 0, "one admission, one place");
    assert_eq!(mina.balance().await, 900_000);
    world.quiesce().await;
}

#[tokio::test]
async fn no_token_but_the_last_pays() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "admit_per_second": 10 })).await;
    let mut mina = world.admitted_user().await;
    let one = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    let two = mina.hold(&hall, &["A-1-2"]).await.expect(201).reservation();
    mina.delete(&format!("/reservations/{two}")).await.expect(200);
    mina.pay(&one).await.expect(201);
    let mut tokens = vec![mina.own_token()];
    for _ in 0..2 {
        world.stack.drain_events().await.expect("settled");
        mina.join().await.expect(201);
        world.until_admitted(&mut mina).await;
        tokens.push(mina.own_token());
        if tokens.len() == 2 {
            mina.leave().await.expect(204);
            world.wait(61);
        }
    }
    let three = mina.hold(&hall, &["A-1-3"]).await.expect(201).reservation();
    let before = world.dump();
    for old in &tokens[..2] {
        let ghost = mina.with_queue_token(Some(old));
        ghost.pay(&three).await.expect_problem(403, "queue-token-ended");
        ghost.hold(&hall, &["A-1-4"]).await.expect_problem(403, "queue-token-ended");
    }
    assert_eq!(world.dump(), before);
    mina.pay(&three).await.expect(201);
    world.quiesce().await;
}

#[tokio::test]
async fn a_token_is_checked_before_seats_are() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 3, "admit_per_second": 5 })).await;
    let (mina, joon) = (world.admitted_user().await, world.admitted_user().await);
    joon.hold(&hall, &["A-1-1"]).await.expect(201);
    mina.hold(&hall, &["A-1-1"]).await.expect_problem(409, "seat-taken");
    mina.hold(&hall, &["A-1-51"]).await.expect_problem(404, "seat-not-found");
    assert_eq!(world.entry_of(&mina)["holds"], json!({ "N": "0" }), "a refused hold is none");
    mina.leave().await.expect(204);
    mina.hold(&hall, &["A-1-1"]).await.expect_problem(403, "queue-token-ended");
    mina.hold(&hall, &["A-1-51"]).await.expect_problem(403, "queue-token-ended");
}

#[tokio::test]
async fn a_concert_with_a_queue_is_deleted_like_any_other() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({})).await;
    let admin = world.admin().await;
    let concert = admin.get(&format!("/schedules/{hall}")).await.expect(200).text("concert_id");
    let mina = world.admitted_user().await;
    let seats = format!("/schedules/{hall}/seats");
    mina.get(&seats).await.expect(200);
    let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    admin.delete(&format!("/concerts/{concert}")).await.expect_problem(409, "has-live-reservations");
    mina.delete(&format!("/reservations/{held}")).await.expect(200);
    admin.delete(&format!("/concerts/{concert}")).await.expect(204);
    mina.hold(&hall, &["A-1-2"]).await.expect_problem(404, "seat-not-found");
    world.wait(61);
    mina.get(&seats).await.expect_problem(404, "no-seats");
    mina.get(&format!("/concerts/{concert}/schedules")).await.expect_problem(404, "no-bookable-schedule");
    for _ in 0..2 {
        world.wait(400);
        world.stack.run_schedule("run_expiry").await.expect("swept");
    }
    // The queue is there still, and may guard the next sale; what it guarded leaves nothing behind.
    let left: Vec<String> = world.dump().into_iter().filter(|item| item.contains(&concert)).collect();
    assert!(left.iter().all(|item| item.contains("RSV#") || item.contains("ADMIN#")), "{left:#?}");
    let next = json!({ "name": "Encore", "description": "", "queue_id": QUEUE });
    world.admin().await.post("/concerts", next).await.expect(201);
    mina.leave().await.expect(204);
}

#[tokio::test]
async fn a_concert_keeps_the_queue_it_was_made_with() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = |queue: Value| json!({ "name": "Concert", "description": "", "queue_id": queue });
    let before = world.dump();
    admin.post("/concerts", body(json!(QUEUE))).await.expect_problem(404, "not-found");
    for malformed in [json!(""), json!("Spring"), json!("a#b"), json!("a".repeat(65)), json!(7)] {
        admin.post("/concerts", body(malformed)).await.expect_invalid("queue_id");
    }
    assert_eq!(world.dump(), before);
    // Refusals are not remembered: the same key, once there is a queue.
    let key = Uuid::from_u128(7);
    admin.post_with_key("/concerts", body(json!(QUEUE)), key).await.expect_problem(404, "not-found");
    world.queue(json!({})).await;
    world.put_queue("autumn", json!({})).await;
    let made = admin.post_with_key("/concerts", body(json!(QUEUE)), key).await.expect(201);
    assert_eq!((made.text("queue_id"), made.replayed()), (QUEUE.to_owned(), false));
    let before = world.dump();
    let again = admin.post_with_key("/concerts", body(json!(QUEUE)), key).await.expect(201);
    assert_eq!((again.replayed(), again.body), (true, made.body));
    for other in [json!("autumn"), Value::Null, json!("winter")] {
        let reply = admin.post_with_key("/concerts", body(other), key).await;
        reply.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(world.dump(), before);
    let without = admin.post("/concerts", body(Value::Null)).await.expect(201);
    assert!(without.body.get("queue_id").is_none());
}
