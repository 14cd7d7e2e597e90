//! PUT /users/me/password

use axum::http::Method;
use serde_json::{Value, json};

use super::{MINA, PASSWORD, device, log_in, sign_up};
use crate::support::{Person, Reply, World, concurrently};

const NEW: &str = "another battery staple";

async fn change(person: &Person, body: Value) -> Reply {
    person.call(Method::PUT, "/users/me/password", Some(body), None).await
}

#[tokio::test]
async fn a_new_password_replaces_the_old_and_ends_other_log_ins() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (_, other_token) = device(&world).await;
    let (own, own_token) = device(&world).await;
    change(&own, json!({ "password": PASSWORD, "new_password": NEW })).await.expect(204);
    let refresh = |token: &str| json!({ "refresh_token": token });
    world.anonymous().post("/sessions/refresh", refresh(&other_token)).await.expect_problem(401, "session-ended");
    world.anonymous().post("/sessions/refresh", refresh(&own_token)).await.expect(200);
    log_in(&world, MINA, PASSWORD).await.expect_problem(401, "bad-credentials");
    log_in(&world, MINA, NEW).await.expect(200);
    // Nothing of either lies in the table.
    let kept = world.dump().join("\n");
    assert!(!kept.contains(PASSWORD) && !kept.contains(NEW));
}

#[tokio::test]
async fn who_has_logged_out_meanwhile_may_still_change_it() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (own, _) = device(&world).await;
    own.delete("/sessions").await.expect(204);
    change(&own, json!({ "password": PASSWORD, "new_password": NEW })).await.expect(204);
    log_in(&world, MINA, NEW).await.expect(200);
}

#[tokio::test]
async fn a_wrong_password_changes_nothing_and_counts_as_a_guess() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (own, _) = device(&world).await;
    let before = world.dump();
    for _ in 0..5 {
        let guess = json!({ "password": "wrong horse battery", "new_password": NEW });
        change(&own, guess).await.expect_problem(401, "bad-credentials");
    }
    let right = json!({ "password": PASSWORD, "new_password": NEW });
    change(&own, right.clone()).await.expect(204);
    assert_ne!(world.dump(), before);
    for _ in 0..6 {
        change(&own, json!({ "password": "wrong horse battery", "new_password": NEW })).await.expect(401);
    }
    change(&own, right).await.expect_problem(429, "too-many-attempts");
}

#[tokio::test]
async fn what_is_no_password_is_refused() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (own, _) = device(&world).await;
    let before = world.dump();
    let long = "x".repeat(129);
    for new in ["short", "password123", "mina@example.com", long.as_str()] {
        let body = json!({ "password": PASSWORD, "new_password": new });
        change(&own, body).await.expect_problem(400, "invalid-request");
    }
    change(&own, json!({ "new_password": NEW })).await.expect_problem(400, "invalid-request");
    change(&own, json!({ "password": PASSWORD })).await.expect_problem(400, "invalid-request");
    let stranger = world.user().await;
    change(&stranger, json!({ "password": PASSWORD, "new_password": NEW })).await.expect_problem(401, "unauthorized");
    assert_eq!(world.dump(), before);
}

/// Two who know the password want different new ones: one has it, and the other is told that it is wrong by now.
#[tokio::test]
async fn of_two_changes_at_once_one_counts() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let devices = [device(&world).await.0, device(&world).await.0];
    let passwords = [NEW, "a third battery staple"];
    let replies = concurrently(0..2, |number| {
        let person = devices[number].clone();
        async move { change(&person, json!({ "password": PASSWORD, "new_password": passwords[number] })).await }
    })
    .await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    let won = passwords[usize::from(statuses[0] != 204)];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401]);
    log_in(&world, MINA, won).await.expect(200);
}
