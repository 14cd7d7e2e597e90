//! grant_role, which operators invoke

use serde_json::{Value, json};

use super::{account, concert, roles};
use crate::support::World;

#[tokio::test]
async fn a_role_counts_at_once() {
    let world = World::new().await;
    let mina = account(&world, "mina@example.com").await;
    concert(&mina).await.expect_problem(403, "forbidden");
    let event = json!({ "user_id": mina.id.0, "role": "admin" });
    let granted = world.stack.invoke("grant_role", event.clone()).await.expect("granted");
    let shown = json!({
        "user_id": mina.id.0, "email": "mina@example.com", "name": "Mina", "role": "admin", "granted": true,
    });
    assert_eq!(granted, shown);
    assert_eq!(world.stack.invoke("grant_role", event).await.expect("granted again"), granted);
    // By the very token of before.
    concert(&mina).await.expect(201);
    assert_eq!(roles(&mina).await, ["admin"]);
    let actions = mina.get("/admin/actions?user_id=00000000-0000-7000-8000-000000000001").await.expect(200).body;
    assert_eq!(actions["items"], json!([]));
    let logged = mina.get("/admin/actions").await.expect(200).body["items"].as_array().expect("items").clone();
    let of_it: Vec<&Value> = logged.iter().filter(|entry| entry["function"] == "grant_role").collect();
    assert_eq!(of_it.len(), 1, "what changes nothing leaves no entry");
    assert_eq!((&of_it[0]["user_id"], &of_it[0]["role"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn what_cannot_be_granted_changes_nothing() {
    let world = World::new().await;
    let mina = account(&world, "mina@example.com").await;
    let before = world.dump();
    for event in [
        json!({ "user_id": "01930000-0000-7000-8000-000000000000", "role": "admin" }),
        json!({ "user_id": mina.id.0, "role": "root" }),
        json!({ "user_id": mina.id.0, "role": "Admin" }),
        json!({ "user_id": mina.id.0, "role": "user" }),
        // A steward is of a concert, and its organiser's to choose.
        json!({ "user_id": mina.id.0, "role": "steward" }),
        // An address need not be proven, so whoever has it here may be anybody.
        json!({ "email": "mina@example.com", "role": "admin" }),
        json!({ "user_id": "mina@example.com", "role": "admin" }),
        json!({ "user_id": mina.id.0 }),
        json!({ "user_id": mina.id.0, "role": "admin", "sure": true }),
        json!(null),
    ] {
        for function in ["grant_role", "revoke_role"] {
            let answer = world.stack.invoke(function, event.clone()).await;
            assert!(answer.is_err(), "{function} {event} gave {answer:?}");
        }
    }
    assert_eq!(world.dump(), before);
}
