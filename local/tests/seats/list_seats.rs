//! GET /schedules/{schedule_id}/seats

use serde_json::{Value, json};

use super::NOBODY;
use crate::support::{World, concurrently};

async fn with_sections(world: &World) -> String {
    let (admin, id) = (world.admin().await, world.schedule().await);
    for (section, rows, price) in [("A", 2, 50_000), ("B", 1, 30_000)] {
        let rows: Vec<Value> = (1..=rows).map(|row| json!({ "row": row.to_string(), "from": 1, "to": 3 })).collect();
        let body = json!({ "section": section, "rows": rows, "price": price });
        admin.post(&format!("/schedules/{id}/seats"), body).await.expect(201);
    }
    id
}

fn states(items: &Value) -> Vec<(&str, &str)> {
    let items = items.as_array().expect("items").iter();
    items.map(|item| (item["seat_id"].as_str().expect("an id"), item["state"].as_str().expect("a state"))).collect()
}

#[tokio::test]
async fn a_hall_is_listed_with_counts_by_section() {
    let world = World::new().await;
    let id = with_sections(&world).await;
    let mina = world.user_with(200_000).await;
    let held = mina.hold(&id, &["A-1-2"]).await.expect(201);
    mina.pay(&held.reservation()).await.expect(201);
    mina.hold(&id, &["B-1-1", "B-1-3"]).await.expect(201);
    let listed = world.anonymous().get(&format!("/schedules/{id}/seats")).await.expect(200);
    let sections = json!([
        { "section": "A", "price": 50_000, "available": 5, "held": 0, "sold": 1 },
        { "section": "B", "price": 30_000, "available": 1, "held": 2, "sold": 0 },
    ]);
    assert_eq!(listed.body["sections"], sections);
    assert_eq!(listed.body["currency"], "KRW");
    let (free, held, sold) = ("available", "held", "sold");
    let expected = [
        ("A-1-1", free),
        ("A-1-2", sold),
        ("A-1-3", free),
        ("A-2-1", free),
        ("A-2-2", free),
        ("A-2-3", free),
        ("B-1-1", held),
        ("B-1-2", free),
        ("B-1-3", held),
    ];
    assert_eq!(states(&listed.body["items"]), expected);
    let seat = json!({ "seat_id": "B-1-1", "section": "B", "row": "1", "number": 1, "price": 30_000, "state": "held" });
    assert_eq!(listed.body["items"][6], seat);
    assert_eq!(listed.body.as_object().map(serde_json::Map::len), Some(3));
    assert_eq!(listed.headers["cache-control"], "public, max-age=1");
}

#[tokio::test]
async fn a_section_and_what_is_available_can_be_asked_for() {
    let world = World::new().await;
    let id = with_sections(&world).await;
    world.user().await.hold(&id, &["B-1-1", "A-1-1"]).await.expect(201);
    let path = format!("/schedules/{id}/seats");
    let list = async |query: &str| world.anonymous().get(&format!("{path}?{query}")).await.expect(200).body;
    let section = list("section=B").await;
    let counts = json!([{ "section": "B", "price": 30_000, "available": 2, "held": 1, "sold": 0 }]);
    assert_eq!(section["sections"], counts);
    assert_eq!(states(&section["items"]).len(), 3);
    let available = list("section=B&available=true").await;
    assert_eq!(available["sections"], counts);
    assert_eq!(states(&available["items"]), [("B-1-2", "available"), ("B-1-3", "available")]);
    assert_eq!(states(&list("available=true").await["items"]).len(), 7);
    assert_eq!(states(&list("available=false").await["items"]).len(), 9);
    world.anonymous().get(&format!("{path}?section=C")).await.expect_problem(404, "no-seats");
    world.anonymous().get(&format!("{path}?section=A-1")).await.expect_invalid("section");
    world.anonymous().get(&format!("{path}?available=yes")).await.expect_invalid("available");
}

#[tokio::test]
async fn rows_tell_the_state_of_each_seat_in_a_letter() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let path = format!("/schedules/{id}/seats");
    let rows = json!([
        { "row": "1", "from": 1, "to": 3 }, { "row": "1", "from": 29, "to": 30 }, { "row": "2", "from": 7, "to": 8 },
    ]);
    admin.post(&path, json!({ "rows": rows })).await.expect(201);
    let mina = world.user_with(100_000).await;
    let held = mina.hold(&id, &["A-1-2"]).await.expect(201);
    mina.pay(&held.reservation()).await.expect(201);
    mina.hold(&id, &["A-2-7"]).await.expect(201);
    let listed = world.anonymous().get(&format!("{path}?view=rows")).await.expect(200).body;
    let first_row = format!("asa{}aa", "-".repeat(25));
    assert_eq!(
        listed["sections"][0]["rows"],
        json!([{ "row": "1", "states": first_row }, { "row": "2", "from": 7, "states": "ha" }])
    );
    assert_eq!(listed["items"], json!([]));
    assert!(
        world.anonymous().get(&format!("{path}?view=items")).await.expect(200).body["sections"][0]["rows"].is_null()
    );
    world.anonymous().get(&format!("{path}?view=map")).await.expect_invalid("view");
}

#[tokio::test]
async fn a_look_at_a_full_section_is_six_kilobytes() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let rows: Vec<Value> = (1..=100).map(|row| json!({ "row": row.to_string(), "from": 1, "to": 25 })).collect();
    let path = format!("/schedules/{id}/seats");
    admin.post(&path, json!({ "rows": rows })).await.expect(201);
    let looked = world.anonymous().get(&format!("{path}?section=A&view=rows")).await.expect(200);
    assert!(looked.bytes.len() <= 6_000, "{} bytes for 2,500 seats", looked.bytes.len());
}

#[tokio::test]
async fn rows_and_numbers_come_in_their_order() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let path = format!("/schedules/{id}/seats");
    admin.post(&path, json!({ "rows": [{ "row": "1", "from": 1, "to": 120 }] })).await.expect(201);
    let listed = admin.get(&path).await.expect(200);
    let numbers: Vec<i64> =
        listed.body["items"].as_array().expect("items").iter().filter_map(|item| item["number"].as_i64()).collect();
    assert_eq!(numbers, (1..=120).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_tag_spares_an_answer_until_something_changes() {
    let world = World::new().await;
    let id = with_sections(&world).await;
    let (anybody, path) = (world.anonymous(), format!("/schedules/{id}/seats"));
    let first = anybody.get(&path).await.expect(200);
    let tag = first.headers["etag"].to_str().expect("a tag").to_owned();
    let seen = anybody.get_with(&path, "if-none-match", &tag).await.expect(304);
    assert!(seen.bytes.is_empty());
    assert_eq!(seen.headers["etag"], first.headers["etag"]);
    for known in [format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        anybody.get_with(&path, "if-none-match", &known).await.expect(304);
    }
    anybody.get_with(&path, "if-none-match", "\"other\"").await.expect(200);
    world.user().await.hold(&id, &["A-1-1"]).await.expect(201);
    world.wait(1);
    let changed = anybody.get_with(&path, "if-none-match", &tag).await.expect(200);
    let held_tag = changed.headers["etag"].to_str().expect("a tag").to_owned();
    assert_ne!(held_tag, tag);
    // A hold lapses without a write, and the tag says so all the same.
    world.wait(301);
    let lapsed = anybody.get_with(&path, "if-none-match", &held_tag).await.expect(200);
    assert_eq!(lapsed.headers["etag"], tag.as_str());
}

#[tokio::test]
async fn what_is_seen_is_at_most_a_second_old() {
    let world = World::new().await;
    let id = with_sections(&world).await;
    let mina = world.user().await;
    let path = format!("/schedules/{id}/seats?section=A&available=true");
    let available = async || states(&mina.get(&path).await.expect(200).body["items"]).len();
    assert_eq!(available().await, 6);
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201);
    world.wait(1);
    assert_eq!(available().await, 5);
    mina.delete(&format!("/reservations/{}", held.reservation())).await.expect(200);
    world.wait(1);
    assert_eq!(available().await, 6);
}

#[tokio::test]
async fn a_large_hall_gives_counts_and_its_sections_one_by_one() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let path = format!("/schedules/{id}/seats");
    for section in ["A", "B"] {
        let body = json!({ "section": section, "rows": [{ "row": "1", "from": 1, "to": 501 }] });
        admin.post(&path, body).await.expect(201);
    }
    let held = world.user().await.hold(&id, &["B-1-501"]).await.expect(201);
    let overview = world.anonymous().get(&path).await.expect(200);
    let sections = |held: u32| {
        json!([
            { "section": "A", "price": 50_000, "available": 501, "held": 0, "sold": 0 },
            { "section": "B", "price": 50_000, "available": 501 - held, "held": held, "sold": 0 },
        ])
    };
    assert_eq!(overview.body, json!({ "currency": "KRW", "sections": sections(1), "items": [] }));
    let one = world.anonymous().get(&format!("{path}?section=B&available=true")).await.expect(200);
    assert_eq!(states(&one.body["items"]).len(), 500);
    // The counts follow a lapse within a second, which nothing is written for.
    assert_eq!(held.body["expires_at"], "2026-11-21T10:05:01Z");
    world.wait(302);
    assert_eq!(world.anonymous().get(&path).await.expect(200).body["sections"], sections(0));
}

#[tokio::test]
async fn a_new_section_and_a_deletion_are_seen_within_a_second_by_whoever_has_looked_before() {
    let world = World::new().await;
    let (admin, anybody) = (world.admin().await, world.anonymous());
    let concert = admin.post("/concerts", json!({ "name": "Concert", "description": "" })).await.expect(201);
    let dates = format!("/concerts/{}/schedules", concert.text("concert_id"));
    let date = json!({
        "place": "Hall", "starts_at": world.at(86_400).to_string(),
        "sale_opens_at": world.at(-1).to_string(), "sale_closes_at": world.at(86_400).to_string(),
    });
    let id = admin.post(&dates, date).await.expect(201).text("schedule_id");
    let path = format!("/schedules/{id}/seats");
    let sections = async || {
        let listed = anybody.get(&path).await.expect(200).body;
        listed["sections"].as_array().expect("sections").iter().map(|s| s["section"].clone()).collect::<Vec<_>>()
    };
    // Once of a hall that is listed seat by seat, and once of one that is only counted.
    for (section, seats, there) in [("A", 3, 1), ("B", 3, 2), ("C", 1_500, 3), ("D", 3, 4)] {
        let body = json!({ "section": section, "rows": [{ "row": "1", "from": 1, "to": seats }] });
        admin.post(&path, body).await.expect(201);
        world.wait(1);
        assert_eq!(sections().await.len(), there, "after {section}");
    }
    let counts = anybody.get(&path).await.expect(200).body["sections"][3].clone();
    assert_eq!(counts["available"], 3, "a section that was not counted yet is counted");
    admin.delete(&format!("{dates}/{id}")).await.expect(204);
    world.wait(1);
    for query in ["", "?section=A"] {
        anybody.get(&format!("{path}{query}")).await.expect_problem(404, "no-seats");
    }
    anybody.get(&format!("{path}/A-1-1")).await.expect_problem(404, "seat-not-found");
}

#[tokio::test]
async fn counts_that_nobody_has_asked_for_in_a_while_are_not_shown_to_anybody() {
    let world = World::new().await;
    let (admin, id) = (world.admin().await, world.schedule().await);
    let path = format!("/schedules/{id}/seats");
    let body = json!({ "rows": [{ "row": "1", "from": 1, "to": 1_001 }] });
    admin.post(&path, body).await.expect(201);
    world.anonymous().get(&path).await.expect(200);
    world.user().await.hold(&id, &["A-1-1"]).await.expect(201);
    world.wait(100);
    // Of two who ask at once neither gets the counts of long ago, whoever counts.
    let both = concurrently(0..2, |_| {
        let (anybody, path) = (world.anonymous(), path.clone());
        async move { anybody.get(&path).await.expect(200).body["sections"][0]["held"].clone() }
    })
    .await;
    assert_eq!(both, [json!(1), json!(1)]);
}

#[tokio::test]
async fn a_date_without_seats_says_so() {
    let world = World::new().await;
    let id = world.schedule().await;
    let anybody = world.anonymous();
    anybody.get(&format!("/schedules/{id}/seats")).await.expect_problem(404, "no-seats");
    anybody.get(&format!("/schedules/{NOBODY}/seats")).await.expect_problem(404, "no-seats");
    anybody.get("/schedules/x/seats").await.expect_invalid("schedule_id");
    // Seats that are made now are seen now, though the empty hall was just looked at.
    world.admin().await.post(&format!("/schedules/{id}/seats"), json!({})).await.expect(201);
    anybody.get(&format!("/schedules/{id}/seats")).await.expect(200);
}
