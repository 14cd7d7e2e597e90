//! POST /password-resets/confirmation

use std::sync::Arc;

use serde_json::json;

use super::{MINA, NEW, PASSWORD, ask_for_reset, links, log_in, logged_in, prove, reset, signed_up};
use crate::support::recorder::{Disturb, Fault};
use crate::support::{World, concurrently};

async fn reset_link(world: &World) -> String {
    ask_for_reset(world, MINA).await.expect(202);
    links(world, "password_reset").await.pop().expect("a link")
}

#[tokio::test]
async fn a_lost_password_is_replaced_and_its_owner_is_in() {
    let (world, _) = signed_up().await;
    let before = log_in(&world, PASSWORD).await.expect(200).text("refresh_token");
    let link = reset_link(&world).await;
    let session = reset(&world, &link, NEW).await.expect(200);
    let mut back = world.anonymous();
    back.token = Some(session.text("access_token"));
    let me = back.get("/users/me").await.expect(200).body;
    assert_eq!((&me["email"], &me["address_proven"]), (&json!(MINA), &json!(true)));
    // Every other log-in is over, and so is the old password.
    let refresh = |token: &str| json!({ "refresh_token": token });
    world.anonymous().post("/sessions/refresh", refresh(&before)).await.expect_problem(401, "session-ended");
    let own = session.text("refresh_token");
    world.anonymous().post("/sessions/refresh", refresh(&own)).await.expect(200);
    assert_eq!(back.pages("/users/me/sessions", 100).await.len(), 1);
    log_in(&world, PASSWORD).await.expect_problem(401, "bad-credentials");
    log_in(&world, NEW).await.expect(200);
}

#[tokio::test]
async fn a_link_works_once_and_for_half_an_hour() {
    let (world, _) = signed_up().await;
    let link = reset_link(&world).await;
    reset(&world, &link, "password123").await.expect_problem(400, "invalid-request");
    reset(&world, &link, NEW).await.expect(200);
    reset(&world, &link, "a third battery staple").await.expect_problem(409, "link-ended");
    let late = reset_link(&world).await;
    world.wait(1_800);
    reset(&world, &late, "a third battery staple").await.expect_problem(409, "link-ended");
    log_in(&world, NEW).await.expect(200);
    // A link is for what it was asked for.
    prove(&world, &late).await.expect_problem(409, "link-ended");
    reset(&world, "ml1.AAAA", NEW).await.expect_problem(409, "link-ended");
}

/// A stranger who guesses has Mina's account paused wherever she has never logged in; a new password lets her in.
#[tokio::test]
async fn a_strangers_guesses_cannot_keep_the_owner_out() {
    let (world, _) = signed_up().await;
    // Her log-in from here is forgotten after three months.
    world.wait(91 * 86_400);
    for _ in 0..12 {
        let guess = log_in(&world, "wrong horse battery").await;
        assert!([401, 429].contains(&guess.status.as_u16()));
    }
    log_in(&world, PASSWORD).await.expect_problem(429, "too-many-attempts");
    let link = reset_link(&world).await;
    reset(&world, &link, NEW).await.expect(200);
    logged_in(&world, NEW).await.get("/users/me").await.expect(200);
    // Nor can a stranger who asks for links: each of them is in her inbox.
    for _ in 0..9 {
        ask_for_reset(&world, MINA).await.expect(202);
    }
    let sent = links(&world, "password_reset").await;
    reset(&world, sent.last().expect("a link"), PASSWORD).await.expect(200);
}

#[tokio::test]
async fn of_two_at_once_one_sets_it() {
    let (world, _) = signed_up().await;
    let link = reset_link(&world).await;
    let passwords = [NEW, "a third battery staple"];
    let replies = concurrently(0..2, |number| {
        let (anybody, body) = (world.anonymous(), json!({ "token": link, "password": passwords[number] }));
        async move { anybody.post("/password-resets/confirmation", body).await }
    })
    .await;
    let won: Vec<usize> = (0..2).filter(|number| replies[*number].status == 200).collect();
    assert_eq!(won.len(), 1);
    log_in(&world, passwords[won[0]]).await.expect(200);
}

#[tokio::test]
async fn a_lost_answer_of_the_table_is_a_success() {
    for times in [1, 3] {
        let (world, _) = signed_up().await;
        let link = reset_link(&world).await;
        let lost = Arc::new(Disturb::next("TransactWriteItems", Fault::LoseAnswer, times));
        world.stack.intercept(Some(lost));
        reset(&world, &link, NEW).await.expect(200);
        world.stack.intercept(None);
        log_in(&world, NEW).await.expect(200);
    }
}
