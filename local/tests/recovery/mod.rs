//! Ways back into an account: links that a mail brings.

mod prove_address;
mod proven_address;
mod request_address_proof;
mod request_password_reset;
mod reset_password;

use axum::http::Method;
use serde_json::json;

use crate::support::{Person, Reply, World, logs};

const MINA: &str = "mina@example.com";
const PASSWORD: &str = "correct horse battery";
const NEW: &str = "another battery staple";

/// A world that sends mail, and Mina's account in it, logged in.
async fn signed_up() -> (World, Person) {
    let world = World::mailing().await;
    let mina = signed_up_in(&world).await;
    (world, mina)
}

/// Mina, with an account in this world, logged in.
async fn signed_up_in(world: &World) -> Person {
    let body = json!({ "email": MINA, "password": PASSWORD, "name": "Mina" });
    world.anonymous().post("/users", body).await.expect(201);
    logged_in(world, PASSWORD).await
}

async fn log_in(world: &World, password: &str) -> Reply {
    world.anonymous().post("/sessions", json!({ "email": MINA, "password": password })).await
}

async fn logged_in(world: &World, password: &str) -> Person {
    let mut mina = world.anonymous();
    mina.token = Some(log_in(world, password).await.expect(200).text("access_token"));
    mina
}

async fn ask_for_reset(world: &World, email: &str) -> Reply {
    world.anonymous().post("/password-resets", json!({ "email": email })).await
}

async fn reset(world: &World, token: &str, password: &str) -> Reply {
    world.anonymous().post("/password-resets/confirmation", json!({ "token": token, "password": password })).await
}

async fn prove(world: &World, token: &str) -> Reply {
    world.anonymous().call(Method::POST, "/address-proofs", Some(json!({ "token": token })), None).await
}

/// Sends what waits to be sent; the secrets of the links in the mails of this letter, oldest first.
pub async fn links(world: &World, letter: &str) -> Vec<String> {
    world.stack.drain_events().await.expect("settled");
    let mails = world.mails();
    let of_letter = mails.iter().filter(|mail| mail.letter.as_deref() == Some(letter));
    of_letter
        .map(|mail| {
            let (_, secret) = mail.text.split_once("#ml1.").expect("a link");
            let secret: String = secret.chars().take_while(|sign| !sign.is_whitespace()).collect();
            logs::keep_secret(&secret);
            format!("ml1.{secret}")
        })
        .collect()
}
