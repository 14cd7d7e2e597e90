//! GET /reservations/{reservation_id}/tickets/{ticket_id}/code

use axum::http::header;
use onsale_domain::tickets::code::SignedCode;
use serde_json::json;

use super::{Dots, NOBODY, bought, code, path, png_dots, put_keys, read_picture, verifies};
use crate::support::World;

/// Dots of a module in a PNG.
const DOTS: usize = 6;

/// Follows the lines of the picture, as whoever draws it does.
fn svg_dots(svg: &str) -> Dots {
    let side = svg.split("viewBox=\"0 0 ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a size");
    let side: usize = side.parse().expect("a number");
    let mut dots = vec![vec![false; side]; side];
    let path = svg.split("<path stroke=\"#000\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("lines");
    for line in path.split('M').filter(|line| !line.is_empty()) {
        let begins = line.find(['h', 'm']).expect("a line");
        let row = line[..begins].strip_prefix("0 ").and_then(|row| row.strip_suffix(".5")).expect("a row");
        let row: usize = row.parse().expect("a number");
        let (mut column, mut rest) = (0, &line[begins..]);
        while let Some(kind) = rest.chars().next() {
            let end = rest[1..].find(['h', 'm']).map_or(rest.len(), |end| end + 1);
            let length: usize = rest[1..end].trim_end_matches(" 0").parse().expect("a number");
            dots[row][column..column + length].fill(kind == 'h');
            column += length;
            rest = &rest[end..];
        }
    }
    dots
}

#[tokio::test]
async fn a_paid_ticket_has_a_code_that_its_key_verifies() {
    let world = World::new().await;
    let (schedule, mina, held) = bought(&world, &["A-1-1", "A-1-2"]).await;
    let shown = mina.get(&path(&held, "A-1-2")).await.expect(200);
    let text = shown.text("code");
    assert_eq!(shown.body, json!({ "ticket_id": "A-1-2", "code": text, "generation": 1, "key": 1 }));
    for (name, value) in [(header::CACHE_CONTROL, "no-store"), (header::VARY, "accept, accept-encoding")] {
        assert_eq!(shown.headers[name], value);
    }
    let SignedCode { code: parts, .. } = SignedCode::parse(&text).expect("a code");
    assert_eq!((parts.schedule.to_string(), parts.reservation.to_string()), (schedule, held.clone()));
    assert_eq!((parts.ordinal.get(), parts.generation.get(), parts.key), (2, 1, 1));
    assert!(verifies(&world, &text).await);
    assert_eq!(code(&mina, &held, "A-1-2").await, text, "the same ticket has the same code");
    assert_ne!(code(&mina, &held, "A-1-1").await, text);
    assert!(text.len() <= 150);
    // It is made when it is asked for: nothing of it lies in the table.
    assert!(!world.dump().iter().any(|item| item.contains("T1.")));
    // A buyer who comes late has a code as well.
    world.wait(31 * 86_400);
    let mina = world.with_fresh_token(&mina).await;
    assert_eq!(code(&mina, &held, "A-1-2").await, text);
}

#[tokio::test]
async fn it_is_drawn_as_its_caller_wants() {
    let world = World::new().await;
    let (_, mina, held) = bought(&world, &["A-1-1"]).await;
    let (path, text) = (path(&held, "A-1-1"), code(&mina, &held, "A-1-1").await);
    let wanted = async |accepted| mina.get_with(&path, "accept", accepted).await.expect(200);
    let svg = wanted("image/svg+xml").await;
    assert_eq!(svg.headers[header::CONTENT_TYPE], "image/svg+xml");
    assert_eq!(svg.headers[header::CACHE_CONTROL], "no-store");
    let drawn = std::str::from_utf8(&svg.bytes).expect("text");
    assert!(drawn.contains(&format!("<desc>{text}</desc>")), "the text that a page shows beside it");
    let modules = svg_dots(drawn);
    let png = wanted("image/png, image/svg+xml;q=0.5").await;
    assert_eq!(png.headers[header::CONTENT_TYPE], "image/png");
    assert_eq!(png.headers[header::CACHE_CONTROL], "no-store");
    let dots = png_dots(&png.bytes);
    assert!(png.bytes.len() < 4_000, "{} bytes", png.bytes.len());
    let larger: Dots = (modules.iter())
        .flat_map(|line| vec![line.iter().flat_map(|dark| [*dark; DOTS]).collect::<Vec<bool>>(); DOTS])
        .collect();
    assert_eq!(dots, larger, "both are the same picture");
    assert_eq!(read_picture(&png.bytes), text);
    for any in ["*/*", "application/json", "text/html, */*;q=0.1"] {
        assert_eq!(wanted(any).await.body["code"], text, "{any}");
    }
    for none in ["text/html", "image/jpeg", "image/png;q=0"] {
        mina.get_with(&path, "accept", none).await.expect_problem(406, "not-acceptable");
    }
}

#[tokio::test]
async fn what_is_not_sold_has_no_code() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user_with(500_000).await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    mina.get(&path(&held, "A-1-1")).await.expect_problem(409, "not-paid");
    mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
    mina.get(&path(&held, "A-1-2")).await.expect_problem(409, "ticket-cancelled");
    mina.pay(&held).await.expect(201);
    mina.get(&path(&held, "A-1-1")).await.expect(200);
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    mina.get(&path(&held, "A-1-1")).await.expect_problem(409, "ticket-cancelled");
    let lapsed = mina.hold(&schedule, &["A-1-3"]).await.expect(201).reservation();
    world.wait(400);
    mina.get(&path(&lapsed, "A-1-3")).await.expect_problem(409, "not-paid");
    world.check_invariants().await;
}

#[tokio::test]
async fn somebody_elses_is_not_there() {
    let world = World::new().await;
    let (_, mina, held) = bought(&world, &["A-1-1"]).await;
    let joon = world.user().await;
    let mut refusals = Vec::new();
    for (person, reservation, ticket) in
        [(&joon, held.as_str(), "A-1-1"), (&joon, NOBODY, "A-1-1"), (&mina, NOBODY, "A-1-1"), (&mina, &held, "A-1-2")]
    {
        refusals
            .push(person.get(&path(reservation, ticket)).await.expect_problem(404, "not-found").apart_from_instance());
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    mina.get(&path(&held, "A-1")).await.expect_invalid("ticket_id");
    mina.get(&path("x", "A-1-1")).await.expect_invalid("reservation_id");
}

#[tokio::test]
async fn a_new_key_signs_from_its_time_on_and_the_old_one_verifies_for_good() {
    let world = World::new().await;
    let (_, mina, held) = bought(&world, &["A-1-1"]).await;
    let first = code(&mina, &held, "A-1-1").await;
    let from = world.at(900);
    let new = "x".repeat(64);
    put_keys(&world, |old| format!("1:{old} 2:{new}@{from}"));
    assert_eq!(code(&mina, &held, "A-1-1").await, first, "the new one does not sign yet");
    let published = world.anonymous().get("/ticket-keys").await.expect(200).body;
    let numbers: Vec<_> = published["keys"].as_array().expect("keys").iter().map(|key| key["number"].clone()).collect();
    assert_eq!(numbers, [1, 2], "and may be known already");
    world.wait(601);
    let mina = world.with_fresh_token(&mina).await;
    let second = code(&mina, &held, "A-1-1").await;
    assert_eq!(SignedCode::parse(&second).expect("a code").code.key, 2);
    for code in [&first, &second] {
        assert!(verifies(&world, code).await);
    }
    // A number is one key's, whatever the secret says later.
    put_keys(&world, |both| both.replace(&new, &"y".repeat(64)));
    mina.get(&path(&held, "A-1-1")).await.expect_problem(500, "internal");
}
