//! Roles: who may do what, who says so, and what was done with it.

mod grant_organiser;
mod grant_role;
mod grant_steward;
mod list_admin_actions;
mod list_roles;
mod list_stewards;
mod revoke_organiser;
mod revoke_role;
mod revoke_steward;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Person, Reply, World};

/// A password that will do.
const PASSWORD: &str = "correct horse battery";

/// Somebody with an account: only they can be given a role.
async fn account(world: &World, email: &str) -> Person {
    let mut person = world.anonymous();
    let body = json!({ "email": email, "password": PASSWORD, "name": "Mina" });
    let user = person.post("/users", body).await.expect(201);
    let credentials = json!({ "email": email, "password": PASSWORD });
    person.token = Some(person.post("/sessions", credentials).await.expect(200).text("access_token"));
    person.id = user.text("user_id").parse().expect("an id");
    person
}

/// The roles that somebody has, as they see them.
async fn roles(person: &Person) -> Vec<Value> {
    let me = person.get("/users/me").await.expect(200).body;
    me["roles"].as_array().expect("roles").iter().map(|role| role["role"].clone()).collect()
}

/// A concert that this caller makes.
async fn concert(person: &Person) -> Reply {
    person.post("/concerts", json!({ "name": "Concert", "description": "" })).await
}

async fn put(person: &Person, path: &str) -> Reply {
    person.call(Method::PUT, path, None, None).await
}

/// The path of somebody's role of an organiser.
fn organiser_path(user: &Person) -> String {
    format!("/users/{}/roles/organiser", user.id)
}

/// The functions and changes of the last entries of the log, newest first.
async fn logged(admin: &Person, most: usize) -> Vec<(Value, Value, Value)> {
    let body = admin.get(&format!("/admin/actions?limit={most}")).await.expect(200).body;
    let entries = body["items"].as_array().expect("items");
    entries.iter().map(|entry| (entry["function"].clone(), entry["role"].clone(), entry["target"].clone())).collect()
}
