//! The rotation of signing keys, as Secrets Manager drives it: four steps, each of which may be repeated.

use serde_json::{Value, json};

use super::{MINA, device, sign_up};
use crate::support::{Person, World};

const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

async fn step(world: &World, name: &str, rotation: u128) -> Value {
    let id = uuid::Uuid::from_u128(rotation).to_string();
    let event = json!({ "Step": name, "SecretId": "arn", "ClientRequestToken": id });
    let answer = world.stack.invoke("rotate_keys", event).await.expect("a step");
    assert_eq!(answer, json!({ "rotation": id }));
    answer
}

fn key_of(person: &Person) -> String {
    use base64::Engine as _;
    let header = person.token.as_ref().and_then(|token| token.split('.').next()).expect("a header");
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).expect("base64url");
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    header["kid"].as_str().expect("a kid").to_owned()
}

#[tokio::test]
async fn nobody_is_logged_out_by_a_rotation() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (before, refresh_token) = device(&world).await;
    for name in STEPS {
        step(&world, name, 1).await;
        step(&world, name, 1).await;
        before.get("/users/me").await.expect(200);
        let (during, _) = device(&world).await;
        during.get("/users/me").await.expect(200);
    }
    // A process that has signed before looks for a newer key within the hour.
    world.wait(3_601);
    let (after, _) = device(&world).await;
    after.get("/users/me").await.expect(200);
    assert_ne!(key_of(&before), key_of(&after));
    let body = json!({ "refresh_token": refresh_token });
    after.post("/sessions/refresh", body).await.expect(200);
}

#[tokio::test]
async fn a_key_verifies_before_it_signs() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (old, _) = device(&world).await;
    for name in &STEPS[..3] {
        step(&world, name, 1).await;
        world.wait(3_601);
        let (still, _) = device(&world).await;
        assert_eq!(key_of(&still), key_of(&old), "{name} switches nothing");
    }
    step(&world, STEPS[3], 1).await;
    world.wait(3_601);
    let (new, _) = device(&world).await;
    assert_ne!(key_of(&new), key_of(&old));
}

#[tokio::test]
async fn the_last_key_but_one_ends_a_day_after_it_was_replaced() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    device(&world).await;
    for rotation in 1..=2 {
        for name in STEPS {
            step(&world, name, rotation).await;
        }
        world.wait(3_601);
        device(&world).await;
    }
    let keys = || async {
        onsale_platform::store::accounts::verifying_keys::list(world.stack.app()).await.expect("keys").len()
    };
    assert_eq!(keys().await, 3, "the first still verifies");
    world.wait(86_400);
    assert_eq!(keys().await, 2, "the one in force and the one before");
}

#[tokio::test]
async fn an_operator_rotates_with_one_call() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (before, _) = device(&world).await;
    world.stack.invoke("rotate_keys", json!({})).await.expect("rotated");
    world.wait(3_601);
    let (after, _) = device(&world).await;
    assert_ne!(key_of(&before), key_of(&after));
}

#[tokio::test]
async fn what_is_neither_a_step_nor_an_operators_call_rotates_nothing() {
    let world = World::new().await;
    let before = std::fs::read_to_string(world.stack.directory().join("signing-key")).expect("a key");
    for event in [json!({ "anything": "else" }), json!({ "Step": "createSecret" }), json!([]), json!(null)] {
        world.stack.invoke("rotate_keys", event.clone()).await.expect_err(&event.to_string());
    }
    let after = std::fs::read_to_string(world.stack.directory().join("signing-key")).expect("a key");
    assert_eq!(after, before);
}

#[tokio::test]
async fn rotations_that_meet_leave_the_key_in_force_without_an_end() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    device(&world).await;
    step(&world, STEPS[0], 1).await;
    step(&world, STEPS[1], 1).await;
    world.stack.invoke("rotate_keys", json!({})).await.expect("rotated");
    step(&world, STEPS[3], 1).await;
    world.wait(2 * 86_400);
    let (mina, _) = device(&world).await;
    mina.get("/users/me").await.expect(200);
}

#[tokio::test]
async fn too_many_rotations_in_a_day_are_refused_and_nobody_is_locked_out() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (before, _) = device(&world).await;
    let mut refused = 0;
    for _ in 0..20 {
        refused += usize::from(world.stack.invoke("rotate_keys", json!({})).await.is_err());
    }
    assert!((1..20).contains(&refused), "{refused} of 20 refused");
    before.get("/users/me").await.expect(200);
    world.wait(86_401);
    world.stack.invoke("rotate_keys", json!({})).await.expect("rotated again");
    let (mina, _) = device(&world).await;
    mina.get("/users/me").await.expect(200);
}

#[tokio::test]
async fn a_step_of_no_rotation_or_of_no_name_fails() {
    let world = World::new().await;
    for (name, id) in [("setSecret", 9), ("testSecret", 9), ("finishSecret", 9), ("dropSecret", 9)] {
        let id = uuid::Uuid::from_u128(id).to_string();
        let event = json!({ "Step": name, "SecretId": "arn", "ClientRequestToken": id });
        world.stack.invoke("rotate_keys", event).await.expect_err(name);
    }
}
