//! Accounts: who somebody is, and what proves it.

mod authorize;
mod get_me;
mod grant_role;
mod log_in;
mod log_out;
mod matrix;
mod refresh_session;
mod rotate_keys;
mod sign_up;
mod tokens;

use serde_json::json;

use crate::support::{Reply, World};

/// A password that will do.
const PASSWORD: &str = "correct horse battery";

async fn sign_up(world: &World, email: &str) -> Reply {
    world.anybody().post("/users", json!({ "email": email, "password": PASSWORD, "name": "Mina" })).await
}

async fn log_in(world: &World, email: &str, password: &str) -> Reply {
    world.anybody().post("/sessions", json!({ "email": email, "password": password })).await
}
