//! DELETE /users/me/sessions

use std::sync::Arc;

use serde_json::json;

use super::{MINA, PASSWORD, device, log_in, sign_up};
use crate::support::World;
use crate::support::recorder::Gate;

#[tokio::test]
async fn every_device_is_logged_out() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (first, one) = device(&world).await;
    let (_, two) = device(&world).await;
    first.delete("/users/me/sessions").await.expect(204);
    assert!(first.pages("/users/me/sessions", 100).await.is_empty());
    for token in [one, two] {
        let refresh = json!({ "refresh_token": token });
        world.anonymous().post("/sessions/refresh", refresh).await.expect_problem(401, "session-ended");
    }
    // Who knows the password logs in again, at the same moment.
    let (again, token) = device(&world).await;
    again.delete("/users/me/sessions").await.expect(204);
    again.delete("/users/me/sessions").await.expect(204);
    let refresh = json!({ "refresh_token": token });
    world.anonymous().post("/sessions/refresh", refresh).await.expect_problem(401, "session-ended");
    world.user().await.delete("/users/me/sessions").await.expect(204);
}

/// Whoever is logging in while everybody is logged out has shown the password before: the clock decides nothing.
#[tokio::test]
async fn a_log_in_under_way_is_ended_as_well() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (own, _) = device(&world).await;
    // The session is put last; the first put of this function is that of its attempt.
    let gate = Arc::new(Gate::before("log_in", "DeleteItem"));
    world.stack.intercept(Some(gate.clone()));
    let late = tokio::spawn({
        let world = world.anonymous();
        async move { world.post("/sessions", json!({ "email": MINA, "password": PASSWORD })).await }
    });
    gate.reached().await;
    own.delete("/users/me/sessions").await.expect(204);
    gate.open();
    let token = late.await.expect("no panic").expect(200).text("refresh_token");
    world.stack.intercept(None);
    let refresh = json!({ "refresh_token": token });
    world.anonymous().post("/sessions/refresh", refresh).await.expect_problem(401, "session-ended");
    log_in(&world, MINA, PASSWORD).await.expect(200);
}
