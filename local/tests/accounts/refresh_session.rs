//! POST /sessions/refresh

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::{MINA, PASSWORD, log_in, sign_up};
use crate::support::recorder::{Disturb, Fault};
use crate::support::{Reply, World, concurrently};

async fn refresh(world: &World, token: &str) -> Reply {
    world.anonymous().post("/sessions/refresh", json!({ "refresh_token": token })).await
}

async fn session(world: &World) -> Reply {
    sign_up(world, MINA).await.expect(201);
    log_in(world, MINA, PASSWORD).await.expect(200)
}

#[tokio::test]
async fn a_session_goes_on_for_thirty_days() {
    let world = World::new().await;
    let mut token = session(&world).await.text("refresh_token");
    for _ in 0..29 {
        world.wait(86_400);
        let next = refresh(&world, &token).await.expect(200);
        let shape = json!({
            "access_token": next.text("access_token"), "token_type": "Bearer", "expires_in": 900,
            "refresh_token": next.text("refresh_token"),
        });
        assert_eq!(next.body, shape);
        assert_eq!(next.headers["cache-control"], "no-store");
        let mut mina = world.anonymous();
        mina.token = Some(next.text("access_token"));
        mina.get("/users/me").await.expect(200);
        token = next.text("refresh_token");
    }
    world.wait(86_400);
    refresh(&world, &token).await.expect_problem(401, "session-ended");
}

#[tokio::test]
async fn a_lost_answer_gives_the_same_successor_again() {
    let world = World::new().await;
    let first = session(&world).await.text("refresh_token");
    let second = refresh(&world, &first).await.expect(200).text("refresh_token");
    world.wait(30);
    assert_eq!(refresh(&world, &first).await.expect(200).text("refresh_token"), second);
    refresh(&world, &second).await.expect(200);
}

#[tokio::test]
async fn a_used_token_that_comes_late_ends_the_session() {
    let world = World::new().await;
    let first = session(&world).await.text("refresh_token");
    let second = refresh(&world, &first).await.expect(200).text("refresh_token");
    world.wait(31);
    refresh(&world, &first).await.expect_problem(401, "session-ended");
    refresh(&world, &second).await.expect_problem(401, "session-ended");
}

#[tokio::test]
async fn a_used_token_whose_successor_was_used_ends_the_session_at_once() {
    let world = World::new().await;
    let first = session(&world).await.text("refresh_token");
    let second = refresh(&world, &first).await.expect(200).text("refresh_token");
    let third = refresh(&world, &second).await.expect(200).text("refresh_token");
    refresh(&world, &first).await.expect_problem(401, "session-ended");
    refresh(&world, &third).await.expect_problem(401, "session-ended");
    // Another session of the same user is another family.
    let other = log_in(&world, MINA, PASSWORD).await.expect(200).text("refresh_token");
    refresh(&world, &other).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_tabs_at_once_get_one_successor() {
    let world = World::new().await;
    let first = session(&world).await.text("refresh_token");
    let tab = world.anonymous();
    let replies = concurrently(0..10, |_| {
        let (tab, body) = (tab.clone(), json!({ "refresh_token": first }));
        async move { tab.post("/sessions/refresh", body).await.expect(200).text("refresh_token") }
    })
    .await;
    assert!(replies.iter().all(|token| *token == replies[0]));
    refresh(&world, &replies[0]).await.expect(200);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_a_success() {
    for times in [1, 3] {
        let world = World::new().await;
        let first = session(&world).await.text("refresh_token");
        world.stack.intercept(Some(Arc::new(Disturb::next("UpdateItem", Fault::LoseAnswer, times))));
        let second = refresh(&world, &first).await.expect(200).text("refresh_token");
        world.stack.intercept(None);
        refresh(&world, &second).await.expect(200);
    }
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let world = World::new().await;
    let session = session(&world).await;
    let token = session.text("refresh_token");
    // Who knows user and session, which every access token names, cannot end the session by guessing.
    let mut forged = token.clone();
    let other = if &forged[60..61] == "A" { "B" } else { "A" };
    forged.replace_range(60..61, other);
    refresh(&world, &forged).await.expect_problem(401, "session-ended");
    for other in ["", "rt1.", &session.text("access_token"), &token[..40], &format!("rt1.{}", "A".repeat(107))] {
        refresh(&world, other).await.expect_problem(401, "session-ended");
    }
    refresh(&world, &token).await.expect(200);
}

#[tokio::test]
async fn the_table_keeps_no_token() {
    let world = World::new().await;
    let first = session(&world).await.text("refresh_token");
    let second = refresh(&world, &first).await.expect(200).text("refresh_token");
    let dump = format!("{:?}", world.dump());
    for token in [first, second] {
        assert!(!dump.contains(&token) && !dump.contains(&token[50..]), "a token lies in the table");
    }
}

#[tokio::test]
async fn an_outage_of_signing_uses_no_token_up() {
    let world = World::new().await;
    let token = session(&world).await.text("refresh_token");
    let key = world.stack.directory().join("signing-key");
    let kept = std::fs::read(&key).expect("a key");
    std::fs::remove_file(&key).expect("taken away");
    refresh(&world, &token).await.expect_problem(500, "internal");
    world.wait(60);
    std::fs::write(&key, kept).expect("put back");
    refresh(&world, &token).await.expect(200);
}

/// A page's request with the headers that its browser adds.
async fn refresh_by_cookie(world: &World, origin: Option<&str>, cookie: &str) -> Reply {
    let mut request = Request::builder().method("POST").uri("/sessions/refresh").header("cookie", cookie);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let request = request.header("content-type", "application/json").body(Body::from(r#"{"cookie":true}"#));
    world.anonymous().send(request.expect("a request")).await
}

/// The cookie that an answer sets, as a browser sends it back.
fn cookie_of(reply: &Reply) -> String {
    let cookie = reply.headers["set-cookie"].to_str().expect("text");
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    crate::support::logs::keep_secret(pair.split_once('=').expect("a value").1);
    assert_eq!(attributes, "Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure");
    pair.to_owned()
}

const PAGE: &str = "https://tickets.example";

async fn with_page() -> World {
    World::with_options(|options| {
        options.variables.insert("PUBLIC_URL".into(), PAGE.into());
    })
    .await
}

#[tokio::test]
async fn a_page_stays_logged_in_by_a_cookie_that_no_script_can_read() {
    let world = with_page().await;
    sign_up(&world, MINA).await.expect(201);
    let body = json!({ "email": MINA, "password": PASSWORD, "cookie": true });
    let session = world.anonymous().post("/sessions", body).await.expect(200);
    assert!(session.body.get("refresh_token").is_none());
    let cookie = cookie_of(&session);
    assert!(cookie.starts_with("__Host-refresh="), "{cookie}");
    let next = refresh_by_cookie(&world, Some(PAGE), &format!("language=ko; {cookie}")).await.expect(200);
    assert!(next.body.get("refresh_token").is_none());
    let next_cookie = cookie_of(&next);
    assert_ne!(next_cookie, cookie);
    // Of two tabs that refresh at once both have the same successor.
    assert_eq!(cookie_of(&refresh_by_cookie(&world, Some(PAGE), &cookie).await.expect(200)), next_cookie);
}

#[tokio::test]
async fn the_cookie_is_for_the_page_alone() {
    let world = with_page().await;
    sign_up(&world, MINA).await.expect(201);
    let body = json!({ "email": MINA, "password": PASSWORD, "cookie": true });
    let cookie = cookie_of(&world.anonymous().post("/sessions", body).await.expect(200));
    for origin in [None, Some("https://evil.example"), Some("null"), Some("http://tickets.example")] {
        refresh_by_cookie(&world, origin, &cookie).await.expect_invalid("Origin");
    }
    refresh_by_cookie(&world, Some(PAGE), "language=ko").await.expect_problem(401, "session-ended");
    refresh_by_cookie(&world, Some(PAGE), "__Host-refresh=rt1.x").await.expect_problem(401, "session-ended");
    let both = json!({ "refresh_token": "rt1.x", "cookie": true });
    world.anonymous().post("/sessions/refresh", both).await.expect_invalid("refresh_token");
    world.anonymous().post("/sessions/refresh", json!({})).await.expect_invalid("refresh_token");
    refresh_by_cookie(&world, Some(PAGE), &cookie).await.expect(200);
}
