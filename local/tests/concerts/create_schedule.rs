//! POST /concerts/{concert_id}/schedules

use serde_json::json;
use uuid::Uuid;

use super::{NOBODY, concert, date};
use crate::support::World;

#[tokio::test]
async fn a_date_is_created() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin, "Concert").await;
    let body = json!({
        "place": " 올림픽홀 ",
        "starts_at": "2026-12-24T19:00:00+09:00",
        "sale_opens_at": "2026-11-20T00:00:00Z",
        "sale_closes_at": "2026-12-24T10:00:00Z",
        "max_seats_per_user": 6,
    });
    let reply = admin.post(&format!("/concerts/{id}/schedules"), body).await.expect(201);
    let shown = json!({
        "schedule_id": reply.text("schedule_id"),
        "concert_id": id,
        "place": "올림픽홀",
        "starts_at": "2026-12-24T10:00:00Z",
        "sale_opens_at": "2026-11-20T00:00:00Z",
        "sale_closes_at": "2026-12-24T10:00:00Z",
        "max_seats_per_user": 6,
        "currency": "KRW",
        "sections": [],
    });
    assert_eq!(reply.body, shown);
    let default = admin.post(&format!("/concerts/{id}/schedules"), date(&world, 1)).await.expect(201);
    assert_eq!(default.body["max_seats_per_user"], 4);
}

#[tokio::test]
async fn a_repeat_with_the_same_key_has_no_second_effect() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin, "Concert").await;
    let (path, key) = (format!("/concerts/{id}/schedules"), Uuid::from_u128(7));
    let body = date(&world, 30);
    let first = admin.post_with_key(&path, body.clone(), key).await.expect(201);
    assert!(!first.replayed());
    world.wait(60);
    let before = world.dump();
    let second = admin.post_with_key(&path, body.clone(), key).await.expect(201);
    assert!(second.replayed());
    assert_eq!(second.body, first.body);
    for (field, value) in [
        ("place", json!("Elsewhere")),
        ("starts_at", json!(world.at(31 * 86_400).to_string())),
        ("sale_opens_at", json!(world.at(-1).to_string())),
        ("sale_closes_at", json!(world.at(60).to_string())),
        ("max_seats_per_user", json!(5)),
    ] {
        let mut other = body.clone();
        other[field] = value;
        admin.post_with_key(&path, other, key).await.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(world.dump(), before);
    // The default limit said aloud is the same request.
    let mut said = body.clone();
    said["max_seats_per_user"] = json!(4);
    assert!(admin.post_with_key(&path, said, key).await.expect(201).replayed());
    // The concert is a part of the request.
    let other = concert(&admin, "Another").await;
    let reused = admin.post_with_key(&format!("/concerts/{other}/schedules"), body, key).await;
    reused.expect_problem(422, "idempotency-key-reused");
}

#[tokio::test]
async fn times_and_limit_must_make_sense() {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = format!("/concerts/{}/schedules", concert(&admin, "Concert").await);
    let before = world.dump();
    let day = |days: i64| json!(world.at(days * 86_400).to_string());
    let cases = [
        ("sale_closes_at", json!({ "sale_closes_at": day(-2), "sale_opens_at": day(-1) })),
        ("sale_closes_at", json!({ "sale_closes_at": day(1), "sale_opens_at": day(1) })),
        ("starts_at", json!({ "starts_at": day(1), "sale_closes_at": day(2) })),
        ("starts_at", json!({ "starts_at": "2100-01-01T00:00:01Z" })),
        ("sale_opens_at", json!({ "sale_opens_at": "1999-12-31T23:59:59Z" })),
        ("max_seats_per_user", json!({ "max_seats_per_user": 0 })),
        ("max_seats_per_user", json!({ "max_seats_per_user": 51 })),
        ("max_seats_per_user", json!({ "max_seats_per_user": -1 })),
        ("max_seats_per_user", json!({ "max_seats_per_user": 65_537 })),
        ("max_seats_per_user", json!({ "max_seats_per_user": 1.5 })),
        ("place", json!({ "place": "" })),
        ("place", json!({ "place": "x".repeat(101) })),
        ("starts_at", json!({ "starts_at": "tomorrow" })),
        ("starts_at", json!({ "starts_at": "2026-13-01T00:00:00Z" })),
        ("starts_at", json!({ "starts_at": "2026-12-24T19:00:00" })),
        ("starts_at", json!({ "starts_at": "+999999999-01-01T00:00:00Z" })),
        ("starts_at", json!({ "starts_at": 1_800_000_000 })),
    ];
    for (field, change) in cases {
        let mut body = date(&world, 30);
        for (name, value) in change.as_object().expect("an object") {
            body[name] = value.clone();
        }
        admin.post(&path, body).await.expect_invalid(field);
    }
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn a_date_needs_its_concert_and_an_administrator() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin, "Concert").await;
    let nowhere = format!("/concerts/{NOBODY}/schedules");
    admin.post(&nowhere, date(&world, 30)).await.expect_problem(404, "not-found");
    let path = format!("/concerts/{id}/schedules");
    world.user().await.post(&path, date(&world, 30)).await.expect_problem(403, "forbidden");
    admin.delete(&format!("/concerts/{id}")).await.expect(204);
    admin.post(&path, date(&world, 30)).await.expect_problem(404, "not-found");
}
