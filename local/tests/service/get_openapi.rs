//! GET /openapi.json

use std::collections::BTreeSet;

use serde_json::Value;

use crate::repository::domain_of;
use crate::support::World;

async fn document(world: &World) -> Value {
    world.anybody().get("/openapi.json").await.expect(200).body
}

#[tokio::test]
async fn it_describes_itself() {
    let world = World::new().await;
    let document = document(&world).await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert_eq!(document["info"]["title"], "Onsale");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

#[tokio::test]
async fn its_routes_are_those_of_the_template() {
    let world = World::new().await;
    let document = document(&world).await;
    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, operations)| {
            let methods = operations.as_object().expect("operations").keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let mut deployed = BTreeSet::new();
    for function in &world.stack.template().functions {
        for event in &function.events {
            if let local::template::Event::Http { method, path, .. } = event
                && path.starts_with('/')
                && method.as_str() != "$default"
            {
                deployed.insert(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(described, deployed);
}

#[tokio::test]
async fn every_operation_says_what_it_does_and_to_which_domain_it_belongs() {
    let world = World::new().await;
    let document = document(&world).await;
    for operation in
        document["paths"].as_object().expect("paths").values().flat_map(|path| path.as_object().unwrap().values())
    {
        let name = operation["operationId"].as_str().expect("a name");
        assert!(
            operation["summary"].as_str().is_some_and(|text| text.ends_with('.')),
            "{name} does not say what it does"
        );
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let shared =
                response["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
            let response = shared.unwrap_or(response);
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}: {status}");
        }
        assert_eq!(operation["tags"], serde_json::json!([domain_of(name)]), "{name}");
    }
}

#[tokio::test]
async fn every_reference_in_it_leads_somewhere() {
    let world = World::new().await;
    let document = document(&world).await;
    let mut waiting = vec![&document];
    let mut references = 0;
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').expect("a reference within the document");
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    references += 1;
                }
                waiting.extend(fields.values());
            }
            _ => {}
        }
    }
    assert!(references > 30);
}
