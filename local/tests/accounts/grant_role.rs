//! grant_role, which operators invoke

use serde_json::json;

use super::{PASSWORD, log_in, sign_up};
use crate::support::{Person, World};

async fn session(world: &World) -> Person {
    let mut person = world.anybody();
    person.token = Some(log_in(world, "mina@example.com", PASSWORD).await.expect(200).text("access_token"));
    person
}

#[tokio::test]
async fn a_role_counts_from_the_next_log_in() {
    let world = World::new().await;
    let user = sign_up(&world, "mina@example.com").await.expect(201);
    let plain = session(&world).await;
    let concert = json!({ "name": "Concert", "description": "" });
    plain.post("/concerts", concert.clone()).await.expect_problem(403, "forbidden");

    let event = json!({ "email": "MINA@example.com", "role": "admin" });
    let granted = world.stack.invoke("grant_role", event.clone()).await.expect("granted");
    assert_eq!(granted, json!({ "user_id": user.text("user_id"), "role": "admin" }));
    assert_eq!(world.stack.invoke("grant_role", event).await.expect("granted again"), granted);
    plain.post("/concerts", concert.clone()).await.expect_problem(403, "forbidden");
    let admin = session(&world).await;
    assert_eq!(admin.get("/users/me").await.expect(200).body["role"], "admin");
    admin.post("/concerts", concert.clone()).await.expect(201);

    let event = json!({ "email": "mina@example.com", "role": "user" });
    world.stack.invoke("grant_role", event).await.expect("taken away");
    session(&world).await.post("/concerts", concert).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn what_cannot_be_granted_changes_nothing() {
    let world = World::new().await;
    sign_up(&world, "mina@example.com").await.expect(201);
    let before = world.dump();
    for event in [
        json!({ "email": "nobody@example.com", "role": "admin" }),
        json!({ "email": "mina@example.com", "role": "root" }),
        json!({ "email": "mina@example.com", "role": "Admin" }),
        json!({ "email": "mina", "role": "admin" }),
        json!({ "email": "mina@example.com" }),
        json!({ "email": "mina@example.com", "role": "admin", "sure": true }),
        json!(null),
    ] {
        let answer = world.stack.invoke("grant_role", event.clone()).await;
        assert!(answer.is_err(), "{event} gave {answer:?}");
    }
    assert_eq!(world.dump(), before);
}
