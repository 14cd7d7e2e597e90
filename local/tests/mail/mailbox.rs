//! The mailbox of the local stack: every mail, on a port of its own, and nothing of a mail runs in it.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use local::data_directory::Data;
use serde_json::Value;
use tower::ServiceExt;

use crate::support::World;
use crate::support::mail::sends_mail;

async fn get(router: &Router, path: &str) -> (StatusCode, HeaderMap, String) {
    let answer = router.clone().oneshot(Request::get(path).body(Body::empty()).expect("a request")).await;
    let (parts, body) = answer.expect("an answer").into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).expect("text"))
}

async fn buy(world: &World, name: &str) {
    let schedule = world.schedule_with_seats().await;
    let mina = world.user_with(50_000).await;
    world.put_account(&mina, name, "mina@example.com", None);
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    world.stack.drain_events().await.expect("settled");
}

#[tokio::test(start_paused = true)]
async fn it_shows_every_mail_and_lets_none_run() {
    let world = World::mailing().await;
    let router = world.stack.ses().router();
    assert!(get(&router, "/").await.2.contains("No mail yet"));
    buy(&world, "<script>alert(1)</script>").await;
    let (_, headers, list) = get(&router, "/").await;
    assert!(list.contains("Your tickets: Concert") && list.contains("mina@example.com"), "{list}");
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let (_, _, all) = get(&router, "/mails").await;
    let all: Value = serde_json::from_str(&all).expect("JSON");
    let id = all["items"][0]["id"].as_str().expect("an id");
    let (_, _, shown) = get(&router, &format!("/mails/{id}")).await;
    assert!(shown.contains("sandbox=") && !shown.contains("<script"), "{shown}");
    let (_, headers, html) = get(&router, &format!("/mails/{id}/html")).await;
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("sandbox ") && !policy.contains("allow-scripts") && !html.contains("<script"), "{policy}");
    assert_eq!(get(&router, "/mails/none").await.0, StatusCode::NOT_FOUND);
    let request = Request::delete("/mails").body(Body::empty()).expect("a request");
    assert_eq!(router.clone().oneshot(request).await.expect("an answer").status(), StatusCode::NO_CONTENT);
    assert!(world.mails().is_empty());
}

#[tokio::test(start_paused = true)]
async fn it_is_on_no_other_port() {
    let world = World::mailing().await;
    buy(&world, "Mina").await;
    for path in ["/mails", "/mails/1"] {
        world.anonymous().get(path).await.expect(404);
    }
}

#[tokio::test(start_paused = true)]
async fn it_survives_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let there = |options: &mut local::stack::Options| {
        sends_mail(options);
        options.data = Data::Directory(directory.path().to_owned());
    };
    let world = World::with_options(there).await;
    buy(&world, "Mina").await;
    let before = world.mails();
    assert_eq!(before.len(), 1);
    world.stack.shutdown().await;
    let world = World::with_options(there).await;
    assert_eq!(world.mails(), before);
}
