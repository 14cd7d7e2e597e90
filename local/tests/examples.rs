//! The examples in `events/`: each is what the runtime gives its function, and is answered on the demo data.

use std::collections::BTreeSet;

use aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use aws_lambda_events::dynamodb;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use lambda_http::request::LambdaRequest;
use local::aws::api_gateway::routes::Routes;
use local::aws::cloudformation::{Event, Function, Template};
use local::demo::{
    self, ADMIN_EMAIL, ADMIN_ID, ADMIN_PASSWORD, CONCERT_ID, COUPON_IDS, PRODUCTS, QUEUE_ID, QUEUED_SCHEDULE_ID,
    SCHEDULE_ID, STOCK, USER_IDS, USER_PASSWORD, USERS,
};
use onsale_platform::events::Event as ProductEvent;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::repository::{self, is_authorizer};
use crate::support::World;

/// The examples in an order in which each one succeeds, on new demo data.
const STORY: &[(&str, u16)] = &[
    ("get_health", 200),
    ("get_openapi", 200),
    ("no_route", 404),
    ("get_page", 200),
    ("sign_up", 201),
    ("log_in", 200),
    ("refresh_session", 401), // a token that anybody may know is worth nothing
    ("log_out", 204),
    ("get_me", 200),
    ("request_address_proof", 409), // no mail is sent here
    ("prove_address", 409),         // a link that anybody may know is worth nothing
    ("request_password_reset", 409),
    ("reset_password", 409),
    ("export_my_data", 200),
    ("erase_me", 401),        // a password that anybody may know is not the user's
    ("change_password", 401), // a password that anybody may know is not the user's
    ("list_sessions", 200),
    ("end_session", 204),
    ("end_all_sessions", 204),
    ("list_roles", 200),
    ("grant_organiser", 204),
    ("revoke_organiser", 204),
    ("list_stewards", 200),
    ("grant_steward", 204),
    ("revoke_steward", 204),
    ("list_admin_actions", 200),
    ("create_wallet", 200),
    ("get_wallet", 200),
    ("top_up", 201),
    ("credit_wallet", 201),
    ("spend", 201),
    ("list_wallet_entries", 200),
    ("put_queue", 200),
    ("list_queues", 200),
    ("delete_queue", 204),
    ("join_queue", 201),
    ("get_queue", 200),
    ("get_queue_entry", 401), // a token that anybody may know is worth nothing
    ("leave_queue", 401),
    ("search_concerts", 200),
    ("get_concert", 200),
    ("list_schedules", 200),
    ("get_schedule", 200),
    ("list_seats", 200),
    ("get_seat", 200),
    ("hold_seat", 201),
    ("release_seat", 204),
    ("create_reservation", 201),
    ("list_reservations", 200),
    ("get_reservation", 200),
    ("get_ticket", 200),
    ("cancel_ticket", 200),
    ("start_card_payment", 201),
    ("confirm_card_payment", 200), // nobody has authorised it
    ("receive_card_report", 401),  // a signature that anybody may know is worth nothing
    ("pay_out", 409),              // nothing has come in by card
    ("pay", 201),
    ("get_payment", 200),
    ("get_ticket_code", 200),
    ("reissue_ticket_code", 201),
    ("get_ticket_keys", 200),
    ("cancel_payment", 200),
    ("list_products", 200),
    ("popular_products", 200),
    ("get_product", 200),
    ("update_product", 200),
    ("adjust_stock", 201),
    ("create_product", 201),
    ("create_coupon", 201),
    ("get_coupon", 200),
    ("claim_coupon", 201),
    ("list_my_coupons", 200),
    ("place_order", 201),
    ("list_orders", 200),
    ("get_order", 200),
    ("cancel_order", 200),
    ("create_concert", 201),
    ("set_concert_queue", 200),
    ("create_schedule", 201),
    ("create_seats", 201),
    ("delete_schedule", 204),
];

/// What is paid cannot be cancelled, and what is deleted not deleted for the first time: this begins anew.
const OTHER_STORY: &[(&str, u16)] = &[
    ("create_reservation", 201),
    ("cancel_reservation", 200),
    ("create_concert", 201),
    ("create_schedule", 201),
    ("delete_concert", 204),
];

/// What the examples that are no requests answer, at any time.
fn other_answers() -> [(&'static str, Value); 18] {
    let role = |granted: bool| {
        let (email, name) = USERS[2];
        json!({ "user_id": USER_IDS[2], "email": email, "name": name, "role": "admin", "granted": granted })
    };
    [
        ("authorize", json!({ "isAuthorized": false })),
        ("grant_role", role(true)),
        ("revoke_role", role(false)),
        ("rotate_keys", json!({ "rotation": "00000000-0000-4000-8000-000000000107" })),
        ("relay_changes", json!({ "batchItemFailures": [] })),
        ("release_declined_payment", json!({ "batchItemFailures": [] })),
        ("audit_ledger", audited()), // before an end is told that no token had
        ("free_queue_places", json!({ "batchItemFailures": [] })),
        ("advance_queues", json!({ "ended": 0, "failed": 0, "queues": 1, "queues_failed": 0 })),
        ("record_sales", json!({ "batchItemFailures": [] })),
        ("deliver_webhooks", json!({ "batchItemFailures": [] })),
        ("send_mail", json!({ "batchItemFailures": [] })),
        ("record_mail_report", json!({ "batchItemFailures": [] })),
        ("allow_mail", json!({ "user_id": USER_IDS[2], "was_suppressed": false })),
        ("settle_card_payments", json!({ "batchItemFailures": [] })),
        ("sweep_card_payments", json!({ "closed": 0, "failed": 0 })),
        ("rank_products", json!({ "days_1": 1, "days_3": 1, "days_7": 1 })),
        ("run_expiry", json!({ "closed": 0, "failed": 0, "deletions": 0 })),
    ]
}

/// What the audit reads once the stories are told.
fn audited() -> Value {
    let both = |sum: i64| json!({ "ledger": sum, "counter": sum });
    json!({
        "outcome": "agree", "differences": 0, "moving": 0, "left_out": 0, "not_judged": 0, "passes": 1,
        "read": {
            "items": 330, "users": 4, "entries": 8, "receipts": 6, "reservations": 3, "orders": 1, "claims": 1,
            "card_payments": 1, "seats": 1_464, "products": 11, "coupons": 3, "queues": 1,
        },
        "trial_balance": {
            "cash-in": both(3_050_000), "cards": both(0), "credits": both(50_000), "spends": both(5_000),
            "reservations": both(50_000), "orders": both(0), "refunds": both(50_000), "wallets": both(3_095_000),
        },
    })
}

fn example(function: &str) -> Value {
    let path = format!("events/{function}.json");
    serde_json::from_str(&repository::read(&path)).unwrap_or_else(|problem| panic!("{path}: {problem}"))
}

#[track_caller]
fn parsed<T: DeserializeOwned>(function: &str) -> T {
    serde_json::from_value(example(function)).unwrap_or_else(|problem| panic!("events/{function}.json: {problem}"))
}

async fn demo_world() -> World {
    let world = World::new().await;
    let demo = demo::ensure(&world.stack, ADMIN_PASSWORD, false).await.expect("demo data");
    assert_eq!(demo.schedule_id.as_deref(), Some(SCHEDULE_ID));
    world
}

#[test]
fn every_function_has_an_example_and_every_example_a_function() {
    let functions: BTreeSet<String> = functions::all().into_iter().map(|(name, _)| name.to_owned()).collect();
    let examples = repository::files("events", "");
    let examples: BTreeSet<String> = examples.iter().map(|path| repository::stem(path).to_owned()).collect();
    assert_eq!(examples, functions);
    let told = STORY.iter().chain(OTHER_STORY).map(|(name, _)| *name).chain(other_answers().map(|(name, _)| name));
    assert_eq!(told.map(str::to_owned).collect::<BTreeSet<String>>(), functions, "the stories tell of all");
}

#[test]
fn every_example_is_of_its_trigger() {
    let template = Template::load().expect("the template");
    for function in &template.functions {
        let name = function.name.as_str();
        match function.events.first() {
            Some(Event::Http { path, authorized, .. }) => {
                let called_by = repository::called_by(&template, function);
                let of_example = example(name)["routeKey"].as_str().unwrap_or_default().to_owned();
                assert!(called_by.split(" · ").any(|route| route == of_example), "{name}: {of_example}");
                let route = if path == "$default" { path.clone() } else { of_example };
                is_request_of(function, &route, *authorized);
            }
            Some(Event::Queue(batch)) => {
                for message in parsed::<SqsEvent>(name).records {
                    assert_eq!(message.event_source_arn.as_deref(), Some(batch.source_arn.as_str()), "{name}");
                    // What SES reports is no event of ours.
                    if name == "record_mail_report" {
                        continue;
                    }
                    let event = serde_json::from_str::<ProductEvent>(message.body.as_deref().unwrap_or_default());
                    event.unwrap_or_else(|problem| panic!("{name}: the body is no event of ours: {problem}"));
                }
            }
            Some(Event::Stream(batch)) => {
                assert!(!parsed::<dynamodb::Event>(name).records.is_empty());
                for record in example(name)["Records"].as_array().into_iter().flatten() {
                    assert!(
                        local::aws::event_sources::event_pattern::matches_any(&batch.patterns, record),
                        "{name}: filtered out: {record}"
                    );
                }
            }
            Some(Event::Schedule { .. }) => {
                assert_eq!(parsed::<EventBridgeEvent>(name).detail_type, "Scheduled Event");
            }
            None if is_authorizer(&template, function) => {
                let request: ApiGatewayV2CustomAuthorizerV2Request = parsed(name);
                assert_eq!(request.identity_source.map(|sources| sources.len()), Some(1), "{name}");
            }
            None => assert!(example(name).is_object(), "{name}"),
        }
    }
}

/// The example is a request that API Gateway would hand to this function for this route, with its parameters.
fn is_request_of(function: &Function, route: &str, authorized: bool) {
    let name = function.name.as_str();
    let LambdaRequest::ApiGatewayV2(request) = parsed(name) else { panic!("{name}: not of payload version 2") };
    assert_eq!(request.version.as_deref(), Some("2.0"), "{name}");
    assert_eq!(request.route_key.as_deref(), Some(route), "{name}");
    assert_eq!(request.request_context.route_key.as_deref(), Some(route), "{name}");
    let path = request.raw_path.as_deref().unwrap_or_default();
    assert_eq!(request.request_context.http.path.as_deref(), Some(path), "{name}");
    let mut filled = route.to_owned();
    for (parameter, value) in &request.path_parameters {
        filled = filled.replace(&format!("{{{parameter}}}"), value).replace(&format!("{{{parameter}+}}"), value);
    }
    let method = &request.request_context.http.method;
    if route == "$default" {
        let template = Template::load().expect("the template");
        assert_eq!(route_of(&template, method.as_str(), path), route, "{name}: another route takes it");
    } else {
        assert_eq!(filled, format!("{method} {path}"), "{name}");
    }
    let caller = request.request_context.authorizer.map(|authorizer| authorizer.fields).unwrap_or_default();
    assert_eq!(caller.contains_key("sub"), authorized, "{name}: who calls");
    assert_eq!(caller.get("exp").cloned(), authorized.then(|| json!(4_102_444_800_u32)), "{name}: until when");
}

fn route_of(template: &Template, method: &str, path: &str) -> String {
    let events = template.functions.iter().flat_map(|function| &function.events);
    let routes = Routes::new(events.filter_map(|event| match event {
        Event::Http { method, path, .. } => Some((method.clone(), path.clone(), ())),
        _ => None,
    }));
    routes.find(method, path).expect("$default takes the rest").key.clone()
}

#[tokio::test]
async fn every_example_is_answered_on_the_demo_data() {
    let world = demo_world().await;
    let document = serde_json::to_value(functions::openapi()).expect("JSON");
    report(&world, &document, STORY).await;
    report(&demo_world().await, &document, OTHER_STORY).await;
    for (function, expected) in other_answers() {
        let answer = world.stack.invoke(function, example(function)).await;
        assert_eq!(answer.as_ref(), Ok(&expected), "{function}");
    }
    let settled = world.stack.deliver().await.expect("the queues");
    assert_eq!(settled, 1, "the event that relay_changes put on a queue");
}

async fn report(world: &World, document: &Value, story: &[(&str, u16)]) {
    for (function, expected) in story {
        let answer = world.stack.invoke(function, example(function)).await;
        let answer = answer.unwrap_or_else(|problem| panic!("{function}: {problem}"));
        assert_eq!(answer["statusCode"], *expected, "{function}: {answer}");
        assert_ne!(answer["headers"]["idempotent-replayed"], "true", "{function}: its key was used before");
        if let Some(operation) = operation(document, function) {
            is_as_described(document, function, &operation["responses"][expected.to_string()], &answer);
        } else {
            assert!(["no_route", "get_page"].contains(function), "{function}: a request without an operation");
        }
    }
}

/// An answer has the headers that the document declares for it and no others, and a body of the declared schema.
fn is_as_described(document: &Value, function: &str, response: &Value, answer: &Value) {
    assert!(!response.is_null(), "{function}: the status is not documented");
    let names = |headers: &Value| -> BTreeSet<String> {
        headers.as_object().into_iter().flatten().map(|(name, _)| name.to_lowercase()).collect()
    };
    let (mut sent, mut declared) = (names(&answer["headers"]), names(&response["headers"]));
    sent.retain(|name| !["content-type", "content-length"].contains(&name.as_str()));
    // The gateway adds the one, and only a repeat has the other.
    declared.retain(|name| !["apigw-requestid", "idempotent-replayed"].contains(&name.as_str()));
    assert_eq!(sent, declared, "{function}: headers that are sent, and those that are declared");
    let Some(content) = response["content"].as_object().and_then(|content| content.values().next()) else {
        return;
    };
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).expect("JSON");
    let mut schema = content["schema"].clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<String> = validator.iter_errors(&body).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{function}: {faults:?} of {body}");
}

/// What a page that tries an operation fills in is what this function's example sends.
#[test]
fn bodies_of_the_document_are_those_of_the_examples() {
    let document = serde_json::to_value(functions::openapi()).expect("JSON");
    let mut bodies = 0;
    for (function, _) in functions::all() {
        let Some(operation) = operation(&document, function) else { continue };
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let told = schema.as_str().map_or(&Value::Null, |schema| {
            let name = schema.rsplit('/').next().unwrap_or_default();
            &document["components"]["schemas"][name]["example"]
        });
        let sent = example(function)["body"].as_str().map(|body| serde_json::from_str(body).expect("JSON"));
        assert_eq!(*told, sent.unwrap_or(Value::Null), "{function}");
        assert_eq!(told.is_null(), operation["requestBody"].is_null(), "{function}");
        bodies += usize::from(!told.is_null());
    }
    assert!(bodies > 0, "none has a body");
}

fn operation<'a>(document: &'a Value, id: &str) -> Option<&'a Value> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .values()
        .flat_map(|path| path.as_object().into_iter().flatten())
        .map(|(_, operation)| operation)
        .find(|operation| operation["operationId"] == id)
}

#[tokio::test]
async fn the_demo_data_has_the_ids_that_examples_use() {
    let world = demo_world().await;
    let admin = (ADMIN_EMAIL, ADMIN_PASSWORD, ADMIN_ID, json!("admin"));
    let users = USERS.iter().zip(USER_IDS).map(|((email, _), id)| (*email, USER_PASSWORD, id, Value::Null));
    for (email, password, id, role) in std::iter::once(admin).chain(users) {
        let mut person = world.anonymous();
        let session = person.post("/sessions", json!({ "email": email, "password": password })).await.expect(200);
        person.token = Some(session.text("access_token"));
        let me = person.get("/users/me").await.expect(200);
        assert_eq!((me.text("user_id").as_str(), &me.body["roles"][0]["role"]), (id, &role), "{email}");
    }
    let schedule = world.anonymous().get(&format!("/schedules/{SCHEDULE_ID}")).await.expect(200);
    assert_eq!(schedule.text("concert_id"), CONCERT_ID);
    let seats = world.anonymous().get(&format!("/schedules/{SCHEDULE_ID}/seats?available=true")).await.expect(200);
    let seats: Vec<&str> =
        seats.body["items"].as_array().into_iter().flatten().filter_map(|seat| seat["seat_id"].as_str()).collect();
    let all: Vec<String> = (1..=50).map(|number| format!("A-1-{number}")).collect();
    assert_eq!(seats, all);
    let queued = world.anonymous().get(&format!("/schedules/{QUEUED_SCHEDULE_ID}")).await.expect(200);
    assert_eq!(queued.text("queue_id"), QUEUE_ID);
    for (id, name, price) in PRODUCTS {
        let product = world.anonymous().get(&format!("/products/{id}")).await.expect(200).body;
        assert_eq!(
            (&product["name"], &product["price"], &product["available"]),
            (&json!(name), &json!(price), &json!(STOCK))
        );
    }
    for id in COUPON_IDS {
        assert_eq!(world.anonymous().get(&format!("/coupons/{id}")).await.expect(200).body["remaining"], 50);
    }
}
