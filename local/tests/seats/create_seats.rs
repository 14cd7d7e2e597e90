//! POST /schedules/{schedule_id}/seats

use serde_json::{Value, json};

use super::NOBODY;
use crate::support::{World, concurrently};

fn range(row: &str, from: u32, to: u32) -> Value {
    json!({ "row": row, "from": from, "to": to })
}

#[tokio::test]
async fn an_empty_request_makes_the_default_hall() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let reply = admin.post(&format!("/schedules/{id}/seats"), json!({})).await.expect(201);
    assert_eq!(reply.body, json!({ "created": 50 }));
    let anybody = world.anonymous();
    for seat in ["A-1-1", "A-1-25", "A-1-26", "A-1-50"] {
        let seat = anybody.get(&format!("/schedules/{id}/seats/{seat}")).await.expect(200);
        assert_eq!((&seat.body["price"], &seat.body["state"]), (&json!(50_000), &json!("available")));
    }
    for seat in ["A-1-51", "A-2-1", "B-1-1"] {
        anybody.get(&format!("/schedules/{id}/seats/{seat}")).await.expect_problem(404, "seat-not-found");
    }
}

#[tokio::test]
async fn seats_are_made_in_rows_and_labels_of_any_script() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let path = format!("/schedules/{id}/seats");
    let rows = [range("가", 1, 1), range("나10", 24, 27), range("나10", 26, 30), range("x", 25_000, 25_000)];
    let body = json!({ "section": "특별석", "rows": rows, "price": 10_000_000 });
    assert_eq!(admin.post(&path, body).await.expect(201).body, json!({ "created": 9 }));
    let listed = world.anonymous().get(&path).await.expect(200);
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(9));
    assert_eq!(listed.body["sections"][0]["price"], 10_000_000);
}

#[tokio::test]
async fn a_repeat_makes_what_is_missing_and_touches_nothing_else() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule_with_seats().await);
    let path = format!("/schedules/{id}/seats");
    let mina = world.user_with(200_000).await;
    let held = mina.hold(&id, &["A-1-1", "A-1-2"]).await.expect(201);
    mina.pay(&held.reservation()).await.expect(201);
    mina.hold(&id, &["A-1-30"]).await.expect(201);
    let before = world.dump();
    assert_eq!(admin.post(&path, json!({})).await.expect(201).body, json!({ "created": 0 }));
    assert_eq!(world.dump(), before);
    let body = json!({ "rows": [range("1", 45, 60), range("2", 1, 2)] });
    assert_eq!(admin.post(&path, body).await.expect(201).body, json!({ "created": 12 }));
    for (seat, state) in [("A-1-1", "sold"), ("A-1-30", "held"), ("A-1-50", "available"), ("A-1-60", "available")] {
        let shown = mina.get(&format!("{path}/{seat}")).await.expect(200);
        assert_eq!(shown.body["state"], state, "{seat}");
    }
    let shown = mina.get(&format!("/schedules/{id}")).await.expect(200);
    assert_eq!(shown.body["sections"], json!([{ "section": "A", "price": 50_000, "seats": 62 }]));
}

#[tokio::test]
async fn at_once_each_seat_is_made_once() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let path = format!("/schedules/{id}/seats");
    let replies = concurrently(0..8, |_| {
        let (admin, path) = (admin.clone(), path.clone());
        async move { admin.post(&path, json!({})).await }
    })
    .await;
    let created: i64 =
        replies.into_iter().map(|reply| reply.expect(201).body["created"].as_i64().expect("a number")).sum();
    assert_eq!(created, 50);
}

#[tokio::test]
async fn a_section_has_one_price() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule_with_seats().await);
    let path = format!("/schedules/{id}/seats");
    let before = world.dump();
    let other = json!({ "rows": [range("2", 1, 10)], "price": 60_000 });
    admin.post(&path, other.clone()).await.expect_problem(409, "section-has-other-price");
    assert_eq!(world.dump(), before);
    let mut elsewhere = other;
    elsewhere["section"] = json!("B");
    admin.post(&path, elsewhere).await.expect(201);
}

#[tokio::test]
async fn what_is_no_seat_is_refused_by_field() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let path = format!("/schedules/{id}/seats");
    let before = world.dump();
    let many: Vec<Value> = (0..501).map(|row| range(&row.to_string(), 1, 1)).collect();
    let cases = [
        ("section", json!({ "section": "" })),
        ("section", json!({ "section": "A-1" })),
        ("section", json!({ "section": "A#" })),
        ("section", json!({ "section": "x".repeat(17) })),
        ("section", json!({ "section": "A B" })),
        ("section", json!({ "section": "A\u{0}" })),
        ("price", json!({ "price": -1 })),
        ("price", json!({ "price": 10_000_001 })),
        ("rows", json!({ "rows": [] })),
        ("rows", json!({ "rows": many })),
        ("rows[0].row", json!({ "rows": [range("", 1, 1)] })),
        ("rows[0].row", json!({ "rows": [range("1-1", 1, 1)] })),
        ("rows[0].from", json!({ "rows": [range("1", 0, 1)] })),
        ("rows[0].to", json!({ "rows": [range("1", 2, 1)] })),
        ("rows[0].to", json!({ "rows": [range("1", 1, 25_001)] })),
        ("rows", json!({ "rows": [range("1", 1, 2_501)] })),
        ("rows[0].to", json!({ "rows": [range("1", 1, 70_000)] })),
        ("rows[0].to", json!({ "rows": [{ "row": "1", "from": 1 }] })),
    ];
    for (field, body) in cases {
        admin.post(&path, body).await.expect_invalid(field);
    }
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn a_section_has_at_most_2500_seats() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let path = format!("/schedules/{id}/seats");
    let full = json!({ "rows": [range("1", 1, 2_500)] });
    assert_eq!(admin.post(&path, full).await.expect(201).body, json!({ "created": 2_500 }));
    let before = world.dump();
    admin.post(&path, json!({ "rows": [range("2", 1, 1)] })).await.expect_invalid("rows");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn seats_need_their_date_and_an_administrator() {
    let world = World::new().await;
    let id = world.schedule().await;
    let admin = world.admin().await;
    admin.post(&format!("/schedules/{NOBODY}/seats"), json!({})).await.expect_problem(404, "not-found");
    admin.post("/schedules/x/seats", json!({})).await.expect_invalid("schedule_id");
    world.user().await.post(&format!("/schedules/{id}/seats"), json!({})).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_date_has_at_most_100_sections() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let path = format!("/schedules/{id}/seats");
    for section in 0..100 {
        let body = json!({ "section": format!("S{section}"), "rows": [range("1", 1, 1)] });
        admin.post(&path, body).await.expect(201);
    }
    let before = world.dump();
    let body = json!({ "section": "S100", "rows": [range("1", 1, 1)] });
    admin.post(&path, body).await.expect_invalid("section");
    assert_eq!(world.dump(), before);
    // One of the hundred may still grow.
    admin.post(&path, json!({ "section": "S99", "rows": [range("1", 2, 2)] })).await.expect(201);
}
