//! What every list, every time and every maximum of the contract must keep to, taken from the OpenAPI document: a new
//! one without a case fails.

mod deletions;
mod maxima;
mod pages;
mod times;

use serde_json::Value;

use crate::support::World;

/// The OpenAPI document.
async fn document(world: &World) -> Value {
    world.anonymous().get("/openapi.json").await.expect(200).body
}

/// Every operation: its name, its method and path, and what the document says of it.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let name = operation["operationId"].as_str().expect("a name").to_owned();
            all.push((name, format!("{method} {path}"), operation));
        }
    }
    all
}

/// A schema, found where it is only referred to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("a schema"),
        None => schema,
    }
}
