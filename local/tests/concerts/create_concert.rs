//! POST /concerts

use axum::http::Method;
use onsale_domain::concerts::concert;
use onsale_domain::text::fold;
use serde_json::json;
use uuid::Uuid;

use crate::support::{World, concurrently};

#[tokio::test]
async fn a_concert_is_created_trimmed_and_composed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({ "name": "  Cafe\u{301} 콘서트 ", "description": "First line\nsecond line " });
    let reply = admin.post("/concerts", body).await.expect(201);
    let shown = json!({
        "concert_id": reply.text("concert_id"),
        "name": "Café 콘서트",
        "description": "First line\nsecond line",
        "created_at": "2026-11-21T10:00:00.5Z",
    });
    assert_eq!(reply.body, shown);
    assert!(!reply.replayed());
}

#[tokio::test]
async fn a_repeat_with_the_same_key_has_no_second_effect() {
    let world = World::new().await;
    let (admin, other) = (world.admin().await, world.admin().await);
    let key = Uuid::from_u128(7);
    let body = json!({ "name": "Concert", "description": "One" });
    let first = admin.post_with_key("/concerts", body.clone(), key).await.expect(201);
    assert!(!first.replayed());
    world.wait(3_600 * 24);
    let (admin, other) = (renew_token(&world, admin).await, renew_token(&world, other).await);
    let before = world.dump();
    let second = admin.post_with_key("/concerts", body.clone(), key).await.expect(201);
    assert!(second.replayed());
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(second.body, first.body);
    for body in [json!({ "name": "Concert", "description": "Two" }), json!({ "name": "Other", "description": "One" })] {
        admin.post_with_key("/concerts", body, key).await.expect_problem(422, "idempotency-key-reused");
    }
    assert_eq!(world.dump(), before);
    // The key is the caller's own: somebody else's is another.
    let others = other.post_with_key("/concerts", body, key).await.expect(201);
    assert_ne!(others.body["concert_id"], first.body["concert_id"]);
}

/// The same person with a token of now.
async fn renew_token(world: &World, mut person: crate::support::Person) -> crate::support::Person {
    person.token = Some(
        onsale_platform::auth::access_token::sign(world.stack.app(), person.id, person.id.0).await.expect("a token"),
    );
    person
}

#[tokio::test]
async fn the_same_key_at_the_same_time_makes_one_concert() {
    let world = World::new().await;
    let admin = world.admin().await;
    let replies = concurrently(0..10, |_| {
        let admin = admin.clone();
        async move {
            let body = json!({ "name": "Concert", "description": "" });
            admin.post_with_key("/concerts", body, Uuid::from_u128(7)).await
        }
    })
    .await;
    for reply in replies {
        reply.expect(201);
    }
    assert_eq!(admin.pages("/concerts", 100).await.len(), 1);
}

#[tokio::test]
async fn what_is_no_concert_is_refused_by_field() {
    let world = World::new().await;
    let admin = world.admin().await;
    let before = world.dump();
    let cases = [
        ("name", json!("")),
        ("name", json!(" \n ")),
        ("name", json!("x".repeat(61))),
        ("name", json!("two\nlines")),
        ("name", json!("bell\u{7}")),
        ("name", json!("\u{200b}")),
        ("name", json!("\u{3164}")),
        ("name", json!("live \u{202e}gnos")),
        ("description", json!("x".repeat(2_001))),
        ("description", json!("nul\u{0}")),
    ];
    for (field, value) in cases {
        let mut body = json!({ "name": "Concert", "description": "" });
        body[field] = value;
        admin.post("/concerts", body).await.expect_invalid(field);
    }
    assert_eq!(world.dump(), before);
    let longest = json!({ "name": "가".repeat(60), "description": "나".repeat(2_000) });
    admin.post("/concerts", longest).await.expect(201);
}

#[tokio::test]
async fn a_line_break_of_a_form_is_a_line_break() {
    let world = World::new().await;
    let body = json!({ "name": "Lines", "description": "Doors 18:00\r\nShow 19:30" });
    let concert = world.admin().await.post("/concerts", body).await.expect(201);
    assert_eq!(concert.body["description"], "Doors 18:00\nShow 19:30");
    let read = world.anonymous().get(&format!("/concerts/{}", concert.text("concert_id"))).await.expect(200);
    assert_eq!(read.body["description"], concert.body["description"]);
}

/// The concert, its queue and an entry for each pair are one transaction, of a hundred items at most.
#[tokio::test]
async fn a_concert_with_as_many_letter_pairs_as_a_name_may_have_is_made_and_deleted() {
    let world = World::new().await;
    let admin = world.admin().await;
    let squared: Vec<char> = ('\u{3300}'..='\u{333b}').collect();
    let mut beginnings = (1..=squared.len()).rev().map(|length| squared[..length].iter().collect::<String>());
    let name = beginnings.find(|name| concert::parse_name(name).is_ok()).expect("a name");
    assert!(concert::letter_pairs(&fold(&name)).len() > concert::LETTER_PAIRS_MAX - 8);
    let queue = json!({ "capacity": 10, "admit_per_second": 1, "active_minutes": 10 });
    admin.call(Method::PUT, "/queues/there", Some(queue), None).await.expect(201);
    let body = json!({ "name": name, "description": "", "queue_id": "there" });
    let made = admin.post("/concerts", body).await.expect(201);
    let found = admin.pages("/concerts?query=%E3%82%A2%E3%83%91%E3%83%BC%E3%83%88", 1).await;
    assert_eq!(found.len(), 1);
    let longer = json!({ "name": squared.iter().collect::<String>(), "description": "" });
    admin.post("/concerts", longer).await.expect_invalid("name");
    admin.delete(&format!("/concerts/{}", made.text("concert_id"))).await.expect(204);
    world.wait(600);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    assert!(!world.dump().iter().any(|item| item.contains("GRAM#")));
}

#[tokio::test]
async fn only_administrators_create_concerts() {
    let world = World::new().await;
    let body = json!({ "name": "Concert", "description": "" });
    world.user().await.post("/concerts", body.clone()).await.expect_problem(403, "forbidden");
    world.anonymous().post("/concerts", body).await.expect(401);
}
