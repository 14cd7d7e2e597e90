//! POST /reservations

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::NOBODY;
use crate::support::World;
use crate::support::recorder::{Disturb, Fault};

#[tokio::test]
async fn several_seats_are_held_together() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let vip = json!({ "section": "V", "rows": [{ "row": "2", "from": 1, "to": 9 }], "price": 120_000 });
    world.admin().await.post(&format!("/schedules/{id}/seats"), vip).await.expect(201);
    let mina = world.user().await;
    let reply = mina.hold(&id, &["V-2-9", "A-1-26", "A-1-25"]).await.expect(201);
    let schedule = mina.get(&format!("/schedules/{id}")).await.expect(200).body;
    let ticket =
        |seat: &str, price: i64| json!({ "ticket_id": seat, "seat_id": seat, "price": price, "state": "held" });
    let shown = json!({
        "reservation_id": reply.reservation(),
        "state": "held",
        "concert_id": schedule["concert_id"],
        "schedule_id": id,
        "place": "Olympic Hall",
        "starts_at": schedule["starts_at"],
        "created_at": "2026-11-21T10:00:00.5Z",
        "expires_at": "2026-11-21T10:05:01Z",
        "total": 220_000,
        "currency": "KRW",
        "tickets": [ticket("V-2-9", 120_000), ticket("A-1-26", 50_000), ticket("A-1-25", 50_000)],
    });
    assert_eq!(reply.body, shown);
    assert!(!reply.replayed());
}

#[tokio::test]
async fn a_repeat_with_the_same_key_has_no_second_effect() {
    let world = World::new().await;
    let (id, other) = (world.schedule_with_seats().await, world.schedule_with_seats().await);
    let (mina, joon) = (world.user_with(200_000).await, world.user().await);
    let key = Uuid::from_u128(7);
    let body = json!({ "schedule_id": id, "seat_ids": ["A-1-1", "A-1-2"] });
    let first = mina.post_with_key("/reservations", body.clone(), key).await.expect(201);
    let before = world.dump();
    let second = mina.post_with_key("/reservations", body.clone(), key).await.expect(201);
    assert_eq!((second.replayed(), &second.body), (true, &first.body));
    // The set counts, not its order.
    let turned = json!({ "schedule_id": id, "seat_ids": ["A-1-2", "A-1-1"] });
    let turned = mina.post_with_key("/reservations", turned, key).await.expect(201);
    assert_eq!((turned.replayed(), &turned.body), (true, &first.body));
    for body in [
        json!({ "schedule_id": id, "seat_ids": ["A-1-1"] }),
        json!({ "schedule_id": id, "seat_ids": ["A-1-3", "A-1-4"] }),
        json!({ "schedule_id": other, "seat_ids": ["A-1-1", "A-1-2"] }),
        json!({ "schedule_id": NOBODY, "seat_ids": ["A-1-1", "A-1-2"] }),
    ] {
        mina.post_with_key("/reservations", body, key).await.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(world.dump(), before);
    // Another's key is another key, and so is the same key of another function.
    joon.post_with_key("/reservations", body.clone(), key).await.expect_problem(409, "seat-taken");
    let path = format!("/schedules/{id}/seats/A-1-3/hold");
    mina.call(axum::http::Method::PUT, &path, None, Some(key)).await.expect(201);
    // The representation is the current one.
    mina.pay(&first.reservation()).await.expect(201);
    let paid = mina.post_with_key("/reservations", body, key).await.expect(201);
    assert_eq!((paid.replayed(), &paid.body["state"]), (true, &json!("paid")));
}

#[tokio::test]
async fn a_repeat_is_answered_also_after_the_sale() {
    let world = World::new().await;
    let window = json!({ "sale_closes_at": world.at(60).to_string() });
    let id = world.schedule_with(window).await;
    world.admin().await.post(&format!("/schedules/{id}/seats"), json!({})).await.expect(201);
    let mina = world.user().await;
    let body = json!({ "schedule_id": id, "seat_ids": ["A-1-1"] });
    mina.post_with_key("/reservations", body.clone(), Uuid::from_u128(7)).await.expect(201);
    world.wait(61);
    assert!(mina.post_with_key("/reservations", body.clone(), Uuid::from_u128(7)).await.expect(201).replayed());
    mina.post_with_key("/reservations", body, Uuid::from_u128(8)).await.expect_problem(409, "sale-closed");
}

#[tokio::test]
async fn a_refusal_is_not_remembered() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user().await);
    let held = joon.hold(&id, &["A-1-1"]).await.expect(201);
    let body = json!({ "schedule_id": id, "seat_ids": ["A-1-1"] });
    mina.post_with_key("/reservations", body.clone(), Uuid::from_u128(7)).await.expect_problem(409, "seat-taken");
    joon.delete(&format!("/reservations/{}", held.reservation())).await.expect(200);
    let now = mina.post_with_key("/reservations", body, Uuid::from_u128(7)).await.expect(201);
    assert!(!now.replayed());
}

#[tokio::test]
async fn a_seat_that_one_has_is_said_to_be_ones_own() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(100_000).await, world.user().await);
    let held = mina.hold(&id, &["A-1-1", "A-1-26"]).await.expect(201).reservation();
    joon.hold(&id, &["A-1-2"]).await.expect(201);
    let before = world.dump();
    let own = mina.hold(&id, &["A-1-1", "A-1-3"]).await.expect_problem(409, "seat-yours");
    assert_eq!((&own.body["seats"], own.text("reservation_id")), (&json!(["A-1-1"]), held.clone()));
    assert!(own.text("detail").contains("Pay for it") && own.text("detail").contains(&held), "{own:?}");
    // Whom the others belong to is what keeps the caller from having them all.
    let taken = mina.hold(&id, &["A-1-1", "A-1-2", "A-1-26"]).await.expect_problem(409, "seat-taken");
    assert_eq!((&taken.body["seats"], &taken.body["reservation_id"]), (&json!(["A-1-2"]), &json!(null)));
    let theirs = joon.hold(&id, &["A-1-1"]).await.expect_problem(409, "seat-taken");
    assert_eq!(theirs.body["reservation_id"], json!(null), "nobody is told another's reservation");
    assert_eq!(world.dump(), before);
    mina.pay(&held).await.expect(201);
    let bought = mina.hold(&id, &["A-1-26"]).await.expect_problem(409, "seat-yours");
    assert_eq!(bought.text("reservation_id"), held);
    assert!(bought.text("detail").contains("bought"), "{bought:?}");
    // What was given back may be had again.
    mina.delete(&format!("/reservations/{held}/tickets/A-1-26")).await.expect(200);
    mina.hold(&id, &["A-1-26"]).await.expect(201);
}

#[tokio::test]
async fn who_collides_over_a_seat_of_ones_own_is_told_so() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::Conflict, 1))));
    let own = mina.hold(&id, &["A-1-1"]).await.expect_problem(409, "seat-yours");
    assert_eq!(own.text("reservation_id"), held);
}

#[tokio::test]
async fn all_or_nothing() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user().await);
    joon.hold(&id, &["A-1-2", "A-1-50"]).await.expect(201);
    let before = world.dump();
    let taken = mina.hold(&id, &["A-1-1", "A-1-2", "A-1-49", "A-1-50"]).await.expect_problem(409, "seat-taken");
    assert_eq!(taken.body["seats"], json!(["A-1-2", "A-1-50"]));
    let missing = mina.hold(&id, &["A-1-1", "A-1-51", "A-1-2"]).await.expect_problem(404, "seat-not-found");
    assert_eq!(missing.body["seats"], json!(["A-1-51"]));
    assert_eq!(world.dump(), before);
    mina.hold(&id, &["A-1-1", "A-1-49"]).await.expect(201);
}

#[tokio::test]
async fn a_seat_that_is_not_there_is_not_found() {
    let world = World::new().await;
    let (id, empty) = (world.schedule_with_seats().await, world.schedule().await);
    let other = world.schedule().await;
    let elsewhere = json!({ "section": "B", "rows": [{ "row": "1", "from": 1, "to": 5 }] });
    world.admin().await.post(&format!("/schedules/{other}/seats"), elsewhere).await.expect(201);
    let mina = world.user().await;
    let before = world.dump();
    let cases = [
        (id.as_str(), "A-1-51"),
        (&id, "A-2-1"),
        (&id, "B-1-1"),
        (&other, "A-1-1"),
        (&empty, "A-1-1"),
        (NOBODY, "A-1-1"),
    ];
    for (schedule, seat) in cases {
        let missing = mina.hold(schedule, &[seat]).await.expect_problem(404, "seat-not-found");
        assert_eq!(missing.body["seats"], json!([seat]));
    }
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn the_list_of_seats_is_checked() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user().await;
    let before = world.dump();
    let many: Vec<String> = (1..=51).map(|number| format!("A-1-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let lists: [(&str, &[&str]); 6] = [
        ("seat_ids", &[]),
        ("seat_ids", &["A-1-1", "A-1-1"]),
        ("seat_ids", &["A-1-1", "A-1-2", "A-1-1"]),
        ("seat_ids", &many),
        ("seat_ids[0]", &["A-1"]),
        ("seat_ids[1]", &["A-1-1", "<script>"]),
    ];
    for (field, seats) in lists {
        mina.hold(&id, seats).await.expect_invalid(field);
    }
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn nobody_has_more_seats_than_the_limit() {
    let world = World::new().await;
    let id = world.schedule_with(json!({ "max_seats_per_user": 3 })).await;
    world.admin().await.post(&format!("/schedules/{id}/seats"), json!({})).await.expect(201);
    let (mina, joon) = (world.user_with(200_000).await, world.user().await);
    mina.hold(&id, &["A-1-1", "A-1-2", "A-1-3", "A-1-4"]).await.expect_problem(409, "seat-limit");
    let first = mina.hold(&id, &["A-1-1", "A-1-2"]).await.expect(201);
    mina.hold(&id, &["A-1-3", "A-1-4"]).await.expect_problem(409, "seat-limit");
    let second = mina.hold(&id, &["A-1-3"]).await.expect(201);
    mina.hold(&id, &["A-1-4"]).await.expect_problem(409, "seat-limit");
    // What is bought counts; what is given back does not.
    mina.pay(&first.reservation()).await.expect(201);
    mina.hold(&id, &["A-1-4"]).await.expect_problem(409, "seat-limit");
    mina.delete(&format!("/reservations/{}", second.reservation())).await.expect(200);
    mina.hold(&id, &["A-1-4"]).await.expect(201);
    // Neither does what has lapsed, before any sweep.
    world.wait(302);
    mina.hold(&id, &["A-1-5"]).await.expect(201);
    mina.hold(&id, &["A-1-6"]).await.expect_problem(409, "seat-limit");
    // The limit is of one date and one person.
    joon.hold(&id, &["A-1-7", "A-1-8", "A-1-9"]).await.expect(201);
    let other = world.schedule_with_seats().await;
    mina.hold(&other, &["A-1-1", "A-1-2", "A-1-3", "A-1-4"]).await.expect(201);
}

#[tokio::test]
async fn the_largest_group_is_fifty() {
    let world = World::new().await;
    let id = world.schedule_with(json!({ "max_seats_per_user": 50 })).await;
    let rows: Vec<_> = (1..=50).map(|row| json!({ "row": row.to_string(), "from": 1, "to": 1 })).collect();
    world.admin().await.post(&format!("/schedules/{id}/seats"), json!({ "rows": rows })).await.expect(201);
    let mina = world.user_with(2_500_000).await;
    let seats: Vec<String> = (1..=50).map(|row| format!("A-{row}-1")).collect();
    // Every seat in a block of its own: the largest transaction there is.
    let held = mina.post("/reservations", json!({ "schedule_id": id, "seat_ids": seats })).await.expect(201);
    assert_eq!(held.body["total"], 2_500_000);
    mina.pay(&held.reservation()).await.expect(201);
    assert_eq!(mina.balance().await, 0);
}

#[tokio::test]
async fn the_sale_has_its_first_instant_and_not_its_last() {
    let world = World::new().await;
    let window = json!({ "sale_opens_at": world.at(60).to_string(), "sale_closes_at": world.at(120).to_string() });
    let id = world.schedule_with(window).await;
    world.admin().await.post(&format!("/schedules/{id}/seats"), json!({})).await.expect(201);
    let mina = world.user_with(50_000).await;
    let tick = jiff::SignedDuration::from_millis(1);
    mina.hold(&id, &["A-1-1"]).await.expect_problem(409, "sale-not-open");
    world.wait(60);
    world.clock.advance(-tick);
    mina.hold(&id, &["A-1-1"]).await.expect_problem(409, "sale-not-open");
    world.clock.advance(tick);
    mina.hold(&id, &["A-1-1"]).await.expect(201);
    world.wait(60);
    world.clock.advance(-tick);
    let last = mina.hold(&id, &["A-1-2"]).await.expect(201);
    world.clock.advance(tick);
    mina.hold(&id, &["A-1-3"]).await.expect_problem(409, "sale-closed");
    // What was held in time may be paid after the sale.
    mina.pay(&last.reservation()).await.expect(201);
}

#[tokio::test]
async fn a_hold_lives_as_long_as_is_set() {
    let world = World::with_options(|options| {
        options.variables.insert("HOLD_SECONDS".into(), "30".into());
    })
    .await;
    let id = world.schedule_with_seats().await;
    let held = world.user().await.hold(&id, &["A-1-1"]).await.expect(201);
    assert_eq!(held.body["expires_at"], "2026-11-21T10:00:31Z");
    world.wait(32);
    world.user().await.hold(&id, &["A-1-1"]).await.expect(201);
}

#[tokio::test]
async fn the_price_is_frozen_and_never_the_callers() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user().await;
    for extra in ["price", "total", "user_id", "state"] {
        let mut body = json!({ "schedule_id": id, "seat_ids": ["A-1-1"] });
        body[extra] = json!(0);
        mina.post("/reservations", body).await.expect_invalid("body");
    }
}
