//! grant_role, which operators invoke

use serde_json::json;

use super::{PASSWORD, log_in, sign_up};
use crate::support::{Person, World};

async fn session(world: &World) -> Person {
    let mut person = world.anonymous();
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

    let event = json!({ "user_id": user.text("user_id"), "role": "admin" });
    let granted = world.stack.invoke("grant_role", event.clone()).await.expect("granted");
    let shown =
        json!({ "user_id": user.text("user_id"), "email": "mina@example.com", "name": "Mina", "role": "admin" });
    assert_eq!(granted, shown);
    assert_eq!(world.stack.invoke("grant_role", event).await.expect("granted again"), granted);
    plain.post("/concerts", concert.clone()).await.expect_problem(403, "forbidden");
    let admin = session(&world).await;
    assert_eq!(admin.get("/users/me").await.expect(200).body["role"], "admin");
    admin.post("/concerts", concert.clone()).await.expect(201);

    let event = json!({ "user_id": user.text("user_id"), "role": "user" });
    world.stack.invoke("grant_role", event).await.expect("taken away");
    session(&world).await.post("/concerts", concert).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn what_cannot_be_granted_changes_nothing() {
    let world = World::new().await;
    let user_id = sign_up(&world, "mina@example.com").await.expect(201).text("user_id");
    let before = world.dump();
    for event in [
        json!({ "user_id": "01930000-0000-7000-8000-000000000000", "role": "admin" }),
        json!({ "user_id": user_id, "role": "root" }),
        json!({ "user_id": user_id, "role": "Admin" }),
        // An address is proven by nobody, so whoever has it here may be anybody.
        json!({ "email": "mina@example.com", "role": "admin" }),
        json!({ "user_id": "mina@example.com", "role": "admin" }),
        json!({ "user_id": user_id }),
        json!({ "user_id": user_id, "role": "admin", "sure": true }),
        json!(null),
    ] {
        let answer = world.stack.invoke("grant_role", event.clone()).await;
        assert!(answer.is_err(), "{event} gave {answer:?}");
    }
    assert_eq!(world.dump(), before);
}
