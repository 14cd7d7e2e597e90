//! PUT /schedules/{schedule_id}/seats/{seat_id}/hold

use axum::http::Method;
use serde_json::json;
use uuid::Uuid;

use super::NOBODY;
use crate::support::{Person, Reply, World};

async fn hold(person: &Person, schedule: &str, seat: &str) -> Reply {
    person.put(&format!("/schedules/{schedule}/seats/{seat}/hold")).await
}

async fn hold_with_key(person: &Person, schedule: &str, seat: &str, key: Uuid) -> Reply {
    person.call(Method::PUT, &format!("/schedules/{schedule}/seats/{seat}/hold"), None, Some(key)).await
}

#[tokio::test]
async fn a_seat_is_locked_as_a_reservation_of_one() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user().await;
    let reply = hold(&mina, &id, "A-1-12").await.expect(201);
    let schedule = mina.get(&format!("/schedules/{id}")).await.expect(200).body;
    let shown = json!({
        "reservation_id": reply.reservation(),
        "state": "held",
        "concert_id": schedule["concert_id"],
        "schedule_id": id,
        "place": "Olympic Hall",
        "starts_at": schedule["starts_at"],
        "created_at": "2026-11-21T10:00:00.5Z",
        "expires_at": "2026-11-21T10:05:01Z",
        "total": 50_000,
        "currency": "KRW",
        "tickets": [{ "ticket_id": "A-1-12", "seat_id": "A-1-12", "price": 50_000, "state": "held" }],
    });
    assert_eq!(reply.body, shown);
    let read = mina.get(&format!("/reservations/{}", reply.reservation())).await.expect(200);
    assert_eq!(read.body, shown);
}

#[tokio::test]
async fn ones_own_live_hold_is_answered_again() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user().await;
    let first = hold(&mina, &id, "A-1-1").await.expect(201);
    let before = world.dump();
    world.wait(100);
    let second = hold(&mina, &id, "A-1-1").await.expect(200);
    assert_eq!(second.body, first.body);
    assert!(!second.replayed());
    // A seat of a larger group is one's own hold too.
    let group = mina.hold(&id, &["A-1-2", "A-1-3", "A-1-4"]).await.expect(201);
    // At the limit now, and still one's own.
    assert_eq!(hold(&mina, &id, "A-1-3").await.expect(200).body, group.body);
    assert_ne!(world.dump(), before);
    hold(&mina, &id, "A-1-5").await.expect_problem(409, "seat-limit");
}

#[tokio::test]
async fn a_repeat_with_the_same_key_has_no_second_effect() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user().await);
    let key = Uuid::from_u128(7);
    let first = hold_with_key(&mina, &id, "A-1-1", key).await.expect(201);
    assert!(!first.replayed());
    let before = world.dump();
    let second = hold_with_key(&mina, &id, "A-1-1", key).await.expect(201);
    assert!(second.replayed());
    assert_eq!(second.body, first.body);
    hold_with_key(&mina, &id, "A-1-2", key).await.expect_problem(422, "idempotency-key-reused");
    assert_eq!(world.dump(), before);
    hold_with_key(&joon, &id, "A-1-2", key).await.expect(201);
    // The key of an ended hold gives what became of it, not a new one.
    world.wait(302);
    let ended = hold_with_key(&mina, &id, "A-1-1", key).await.expect(201);
    assert!(ended.replayed());
    assert_eq!(ended.body["state"], "expired");
}

#[tokio::test]
async fn a_seat_of_somebody_else_is_taken_until_its_time_is_over() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user_with(50_000).await);
    hold(&mina, &id, "A-1-1").await.expect(201);
    let taken = hold(&joon, &id, "A-1-1").await.expect_problem(409, "seat-taken");
    assert_eq!(taken.body["seats"], json!(["A-1-1"]));
    world.wait(300);
    hold(&joon, &id, "A-1-1").await.expect_problem(409, "seat-taken");
    world.wait(1);
    let held = hold(&joon, &id, "A-1-1").await.expect(201);
    joon.pay(&held.reservation()).await.expect(201);
    hold(&mina, &id, "A-1-1").await.expect_problem(409, "seat-taken");
    // Neither is what one has bought a hold any more; but it is not somebody else's.
    let own = hold(&joon, &id, "A-1-1").await.expect_problem(409, "seat-yours");
    assert_eq!(own.body["reservation_id"], held.body["reservation_id"]);
}

#[tokio::test]
async fn the_title_is_in_the_callers_language() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user().await);
    hold(&mina, &id, "A-1-1").await.expect(201);
    for (language, title) in [
        ("ko-KR,ko;q=0.9,en;q=0.8", "이미 선택된 좌석입니다"),
        ("en", "The seat is already taken"),
        ("fr, ko", "이미 선택된 좌석입니다"),
        ("fr", "The seat is already taken"),
    ] {
        let request = axum::http::Request::put(format!("/schedules/{id}/seats/A-1-1/hold"))
            .header("accept-language", language)
            .body(axum::body::Body::empty());
        let reply = joon.send(request.expect("a request")).await.expect_problem(409, "seat-taken");
        assert_eq!(reply.body["title"], title, "{language}");
    }
}

#[tokio::test]
async fn the_sale_has_its_first_instant_and_not_its_last() {
    let world = World::new().await;
    let window = json!({ "sale_opens_at": world.at(60).to_string(), "sale_closes_at": world.at(120).to_string() });
    let id = world.schedule_with(window).await;
    world.admin().await.post(&format!("/schedules/{id}/seats"), json!({})).await.expect(201);
    let mina = world.user().await;
    let tick = jiff::SignedDuration::from_millis(1);
    world.wait(60);
    world.clock.advance(-tick);
    hold(&mina, &id, "A-1-1").await.expect_problem(409, "sale-not-open");
    world.clock.advance(tick);
    hold(&mina, &id, "A-1-1").await.expect(201);
    world.wait(60);
    world.clock.advance(-tick);
    hold(&mina, &id, "A-1-2").await.expect(201);
    world.clock.advance(tick);
    hold(&mina, &id, "A-1-3").await.expect_problem(409, "sale-closed");
}

#[tokio::test]
async fn the_decomposed_spelling_of_a_label_is_the_same_seat() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let body = json!({ "section": "가", "rows": [{ "row": "1", "from": 1, "to": 2 }] });
    world.admin().await.post(&format!("/schedules/{id}/seats"), body).await.expect(201);
    let held = hold(&world.user().await, &id, "%E1%84%80%E1%85%A1-1-1").await.expect(201);
    assert_eq!(held.body["tickets"][0]["seat_id"], "가-1-1");
}

#[tokio::test]
async fn a_seat_that_is_not_there_is_not_found() {
    let world = World::new().await;
    let (id, other) = (world.schedule_with_seats().await, world.schedule().await);
    let mina = world.user().await;
    for (schedule, seat) in [(id.as_str(), "A-1-51"), (&id, "B-1-1"), (&other, "A-1-1"), (NOBODY, "A-1-1")] {
        let missing = hold(&mina, schedule, seat).await.expect_problem(404, "seat-not-found");
        assert_eq!(missing.body["seats"], json!([seat]));
    }
    hold(&mina, &id, "A-1").await.expect_invalid("seat_id");
    hold(&mina, "x", "A-1-1").await.expect_invalid("schedule_id");
}
