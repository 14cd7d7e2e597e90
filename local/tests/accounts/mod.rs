//! Accounts: who somebody is, and what proves it.

mod authorize;
mod canonical_mail;
mod change_password;
mod end_all_sessions;
mod end_session;
mod erase_me;
mod export_my_data;
mod get_me;
mod list_sessions;
mod log_in;
mod log_out;
mod matrix;
mod refresh_session;
mod rotate_keys;
mod secrets_manager;
mod sign_up;
pub mod tokens;

use argon2::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use crate::support::{Person, Reply, World};

/// Somebody with an account.
const MINA: &str = "mina@example.com";
/// A password that will do.
pub const PASSWORD: &str = "correct horse battery";

async fn sign_up(world: &World, email: &str) -> Reply {
    world.anonymous().post("/users", json!({ "email": email, "password": PASSWORD, "name": "Mina" })).await
}

async fn log_in(world: &World, email: &str, password: &str) -> Reply {
    world.anonymous().post("/sessions", json!({ "email": email, "password": password })).await
}

/// Mina on a device of hers, with the refresh token it keeps.
async fn device(world: &World) -> (Person, String) {
    let session = log_in(world, MINA, PASSWORD).await.expect(200);
    let mut person = world.anonymous();
    person.token = Some(session.text("access_token"));
    (person, session.text("refresh_token"))
}

/// Replaces the hash of a user's password by one of the same password that costs less, as from years ago.
pub async fn weaken(world: &World, user: &str) {
    let old = argon2::Params::new(8 * 1024, 1, 1, None).expect("parameters");
    let old = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, old);
    let old: PasswordHash = old.hash_password_with_salt(PASSWORD.as_bytes(), &[1; 16]).expect("a hash");
    let (client, table) = (&world.stack.clients(None).0, &world.stack.app().config().table);
    let key = |part: &str| AttributeValue::S(part.to_owned());
    client
        .update_item()
        .table_name(table)
        .key("pk", key(&format!("USER#{user}")))
        .key("sk", key("PROFILE"))
        .update_expression("SET password_hash = :old")
        .expression_attribute_values(":old", key(&old.to_string()))
        .send()
        .await
        .expect("an older hash");
}
