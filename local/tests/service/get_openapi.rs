//! GET /openapi.json

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::repository::domain_of;
use crate::support::{Reply, World};

async fn document(world: &World) -> Value {
    world.anonymous().get("/openapi.json").await.expect(200).body
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
    // The page is no part of the API.
    for function in world.stack.template().functions.iter().filter(|function| function.name != "get_page") {
        for event in &function.events {
            if let local::aws::cloudformation::Event::Http { method, path, .. } = event
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
            // A summary is plain text: a page shows marks as they are.
            operation["summary"].as_str().is_some_and(|text| text.ends_with('.') && !text.contains('`')),
            "{name} does not say in plain text what it does"
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

#[tokio::test]
async fn every_closed_set_of_values_is_listed() {
    let world = World::new().await;
    let document = document(&world).await;
    let mut listed = 0;
    for (schema, described) in document["components"]["schemas"].as_object().expect("schemas") {
        for (name, property) in described["properties"].as_object().into_iter().flatten() {
            // The reason of a credit is a text of an administrator's own, and each ticket has another code.
            if [("CreditWalletIn", "reason"), ("TicketCodeOut", "code")].contains(&(schema.as_str(), name.as_str())) {
                continue;
            }
            if ["state", "kind", "role", "code", "reason", "days", "token_type"].contains(&name.as_str()) {
                assert!(property["enum"].as_array().is_some_and(|names| !names.is_empty()), "{schema}.{name}");
                listed += 1;
            }
        }
    }
    assert!(listed >= 17, "only {listed} properties");
}

/// Insists that a description is there and written for readers: it begins with its subject, or says what happens.
fn expect_sentence(of: &str, described: &Value) {
    // Of an object that may be null, the description stands beside its reference.
    let options = described["oneOf"].as_array().into_iter().flatten().find_map(|one| one["description"].as_str());
    let text = described["description"].as_str().or(options).unwrap_or_default();
    let begins = text.starts_with(|letter: char| letter.is_uppercase() || letter.is_ascii_digit() || letter == '`');
    assert!(begins || text.starts_with("- `"), "{of}: {text:?}");
    assert!(!["What ", "Who ", "That "].iter().any(|word| text.starts_with(word)), "{of}: {text:?}");
}

#[tokio::test]
async fn every_parameter_field_header_and_response_is_described() {
    let world = World::new().await;
    let document = document(&world).await;
    for (schema, described) in document["components"]["schemas"].as_object().expect("schemas") {
        expect_sentence(schema, described);
        for (name, property) in described["properties"].as_object().into_iter().flatten() {
            expect_sentence(&format!("{schema}.{name}"), property);
        }
    }
    for (name, header) in document["components"]["headers"].as_object().expect("headers") {
        expect_sentence(name, header);
    }
    let paths = document["paths"].as_object().expect("paths").values();
    for operation in paths.flat_map(|operations| operations.as_object().expect("operations").values()) {
        let name = operation["operationId"].as_str().expect("a name");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            expect_sentence(&format!("{name}: {}", parameter["name"]), parameter);
        }
        for (status, response) in operation["responses"].as_object().expect("responses") {
            if status != "default" {
                expect_sentence(&format!("{name}: {status}"), response);
            }
        }
    }
}

#[tokio::test]
async fn every_example_of_a_body_is_of_its_schema() {
    let world = World::new().await;
    let document = document(&world).await;
    let mut examples = 0;
    for (name, described) in document["components"]["schemas"].as_object().expect("schemas") {
        let Some(example) = described.get("example").or_else(|| described["examples"].get(0)) else { continue };
        let reference = format!("#/components/schemas/{name}");
        let schema = json!({ "$ref": reference, "components": document["components"] });
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let faults: Vec<String> = validator.iter_errors(example).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        let unknown = |field: &String| described["properties"].get(field).is_none();
        let unknown: Vec<&String> = example.as_object().expect("an object").keys().filter(|it| unknown(it)).collect();
        assert!(unknown.is_empty(), "{name} has no {unknown:?}");
        examples += 1;
    }
    assert!(examples > 25, "only {examples} examples");
}

#[tokio::test]
async fn generators_are_told_a_server_and_no_header_that_http_libraries_refuse() {
    let world = World::new().await;
    let document = document(&world).await;
    assert!(document["servers"][0]["url"].as_str().is_some_and(|url| url.starts_with("http")));
    let paths = document["paths"].as_object().expect("paths").values();
    let operations = paths.flat_map(|operations| operations.as_object().expect("operations").values());
    let parameters = operations.flat_map(|operation| operation["parameters"].as_array().into_iter().flatten());
    for header in parameters.filter(|parameter| parameter["in"] == "header") {
        assert!(header["schema"]["type"] == "string" && header["schema"]["format"].is_null(), "{header}");
    }
}

/// Insists that an answer has the headers which the document has for it, and no other.
fn expect_declared(document: &Value, route: &str, reply: &Reply) {
    let (method, path) = route.split_once(' ').expect("a route");
    let status = reply.status.as_str();
    let declared = &document["paths"][path][method]["responses"][status]["headers"];
    let declared: BTreeSet<String> =
        declared.as_object().into_iter().flatten().map(|(name, _)| name.to_lowercase()).collect();
    let sent = reply.headers.keys().map(ToString::to_string);
    let sent: BTreeSet<String> =
        sent.filter(|name| !["content-type", "content-length"].contains(&name.as_str())).collect();
    let not_declared: Vec<&String> = sent.difference(&declared).collect();
    assert!(not_declared.is_empty(), "{route} {status}: {not_declared:?} is sent");
    let not_sent: Vec<&String> = declared.difference(&sent).filter(|name| *name != "idempotent-replayed").collect();
    assert!(not_sent.is_empty(), "{route} {status}: {not_sent:?} is declared");
}

#[tokio::test]
async fn answers_have_the_headers_that_it_tells_of() {
    let world = World::new().await;
    let document = document(&world).await;
    let (admin, mina, joon) = (world.admin().await, world.user_with(100_000).await, world.user().await);
    let schedule = world.schedule_with_seats().await;
    let path = "/reservations";
    let body = json!({ "schedule_id": schedule, "seat_ids": ["A-1-1"] });
    let key = Uuid::from_u128(7);
    let held = mina.post_with_key(path, body.clone(), key).await.expect(201);
    let again = mina.post_with_key(path, body.clone(), key).await.expect(201);
    assert!(again.replayed());
    let taken = joon.post(path, body.clone()).await.expect(409);
    let malformed = joon.post(path, json!({})).await.expect(400);
    for reply in [&held, &again, &taken, &malformed] {
        expect_declared(&document, "post /reservations", reply);
    }
    let list = world.anonymous().get("/products").await.expect(200);
    expect_declared(&document, "get /products", &list);
    let tag = list.headers["etag"].to_str().expect("a tag").to_owned();
    let known = world.anonymous().get_with("/products", "if-none-match", &tag).await.expect(304);
    expect_declared(&document, "get /products", &known);
    let wrong = json!({ "email": "nobody@example.com", "password": "correct horse battery" });
    let wrong = world.anonymous().post("/sessions", wrong).await.expect(401);
    expect_declared(&document, "post /sessions", &wrong);
    let settings = json!({ "capacity": 1, "admit_per_second": 1, "active_minutes": 10 });
    admin.call(Method::PUT, "/queues/spring", Some(settings), None).await.expect(201);
    let token = mina.post("/queues/spring/tokens", json!({})).await.expect(201).text("token");
    mina.with_queue_token(Some(&token)).delete("/queues/spring/tokens/me").await.expect(204);
    let too_soon = mina.post("/queues/spring/tokens", json!({})).await.expect(429);
    expect_declared(&document, "post /queues/{queue_id}/tokens", &too_soon);
}
