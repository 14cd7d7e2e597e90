//! What refusals say of a body's or a query's shape: the full path of each field, what is expected there, with an
//! example.

use serde_json::{Value, json};

use super::bodies::{Place, places, with_raw};
use super::{MARKER, Route, Target, expect_refused};
use crate::support::Reply;

/// Insists that one field is refused, with a message in English that begins so, and in Korean.
async fn expect_told(target: &Target, route: &Route, body: &str, field: &str, begins: &str) {
    let reply = expect_refused(target.send_json(route, body.to_owned()).await, body);
    let told = message(reply, field);
    assert!(told.starts_with(begins), "{} {body}: {field} {told}", route.name);
    assert!(!told.contains("null"), "{}: {field} needs an example in its schema: {told}", route.name);
}

/// What is said of a field, and of no other.
fn message(reply: Reply, field: &str) -> String {
    let reply = reply.expect_invalid(field);
    let told = reply.body["errors"][0]["message"].as_str().expect("a message").to_owned();
    assert_eq!(reply.text("detail"), format!("{field} {told}"));
    told
}

/// The place of what has a place in it, as refusals name it, and its value in the example.
fn parent<'a>(example: &'a Value, place: &Place) -> (String, &'a Value) {
    let (pointer, _) = place.pointer.rsplit_once('/').expect("a pointer");
    let parent = Place { pointer: pointer.to_owned(), value: Value::Null, optional: false };
    let path = parent.path();
    (if path.is_empty() { "body".to_owned() } else { path }, example.pointer(pointer).expect("a parent"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// What is said of a value of another kind.
fn begins(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "must be true or false",
        Value::Number(_) => "must be an integer ",
        Value::String(_) => "must be ",
        Value::Array(_) => "must be a list such as [",
        // Nothing that tells of what type it is.
        Value::Null => "must be ",
        _ => "must be an object such as {",
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_told_by_its_path_and_what_is_expected() {
    let target = Target::new().await;
    let mut attacked = 0;
    for route in target.routes_with_body() {
        let example = target.example(&route);
        // The property of the body's other form is told of with that.
        let is_of_other_form = |place: &Place| place.value.is_null() && route.path == "/reservations";
        let places = places(&target, route.schema.as_ref().expect("a schema"), &example, "");
        for place in places.into_iter().filter(|place| !is_of_other_form(place)) {
            let values = [json!(null), json!(true), json!(7), json!(1.5), json!("text"), json!([]), json!({})];
            for value in values {
                let same = kind(&value) == kind(&place.value) && value != json!(1.5);
                if same || (value.is_null() && place.optional) {
                    continue;
                }
                let body = with_raw(&example, &place, &value.to_string());
                expect_told(&target, &route, &body, &place.path(), begins(&place.value)).await;
                attacked += 1;
            }
        }
        for body in ["[]", "null", "7", "\"text\""] {
            expect_told(&target, &route, body, "body", "must be an object such as {").await;
        }
    }
    assert!(attacked >= 150, "only {attacked} values");
}

#[tokio::test]
async fn every_missing_field_is_told_at_once() {
    let target = Target::new().await;
    for route in target.routes_with_body() {
        let example = target.example(&route);
        let schema = route.schema.as_ref().expect("a schema");
        for place in places(&target, schema, &example, "") {
            let (path, within) = parent(&example, &place);
            let name = place.pointer.rsplit('/').next().expect("a name");
            if within.is_object() && !place.optional {
                let mut body = example.clone();
                let pointer = place.pointer.rsplit_once('/').expect("a pointer").0;
                body.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object").remove(name);
                let missing = format!("is missing; it {}", begins(&place.value));
                expect_told(&target, &route, &body.to_string(), &place.path(), &missing).await;
                assert!(place.path().ends_with(name) && (path == "body" || place.path().starts_with(&path)));
            }
        }
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !required.is_empty() {
            let reply = target.send_json(&route, "{}").await.expect_problem(400, "invalid-request");
            let errors = reply.body["errors"].as_array().expect("errors");
            let fields: Vec<&str> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
            assert_eq!(fields, required, "{}", route.name);
        }
    }
}

#[tokio::test]
async fn a_field_that_is_unknown_or_there_twice_is_told_at_every_depth() {
    let target = Target::new().await;
    for route in target.routes_with_body() {
        let example = target.example(&route);
        for place in places(&target, route.schema.as_ref().expect("a schema"), &example, "") {
            let (path, within) = parent(&example, &place);
            let Value::Object(fields) = within else { continue };
            let name = place.pointer.rsplit('/').next().expect("a name");
            let opened = within.to_string();
            let opened = opened.strip_prefix('{').expect("an object");
            let holder = Place {
                pointer: place.pointer.rsplit_once('/').expect("a pointer").0.to_owned(),
                value: Value::Null,
                optional: false,
            };
            let with = |more: String| with_raw(&example, &holder, &format!("{{{more},{opened}"));
            let twice = with(format!("\"{name}\":{}", place.value));
            expect_told(&target, &route, &twice, &place.path(), "must be given only once").await;
            let reply = expect_refused(target.send_json(&route, with(format!("\"{MARKER}\":1"))).await, "unknown");
            let told = message(reply, &path);
            let (start, names) = told.split_at("must have no fields other than: ".len());
            let names: Vec<&str> = names.split(", ").collect();
            assert_eq!(start, "must have no fields other than: ");
            assert!(fields.keys().all(|name| names.contains(&name.as_str())), "{}: {told}", route.name);
        }
    }
}

#[tokio::test]
async fn a_query_is_told_what_each_parameter_must_be() {
    let target = Target::new().await;
    let mut attacked = 0;
    for route in target.routes() {
        let operation = &target.document["paths"][&route.path][route.method.as_str().to_lowercase()];
        let parameters = operation["parameters"].as_array().into_iter().flatten().filter(|it| it["in"] == "query");
        for parameter in parameters {
            let name = parameter["name"].as_str().expect("a name");
            let schema = &parameter["schema"];
            let is = |kind: &str| schema["type"].to_string().contains(kind);
            assert!(
                !parameter["example"].is_null() || schema["enum"].is_array(),
                "{} {name} needs an example",
                route.name
            );
            let path = target.path(&route, "", "");
            let twice = target.caller.get(&format!("{path}?{name}=1&{name}=1")).await;
            let reply = twice.expect_problem(400, "invalid-request");
            let errors = reply.body["errors"].as_array().expect("errors");
            assert!(errors.contains(&json!({ "field": name, "message": "must be given only once" })), "{errors:?}");
            let expected = if is("integer") && schema["enum"].is_array() {
                let numbers = schema["enum"].as_array().into_iter().flatten().map(Value::to_string);
                format!("must be one of: {}", numbers.collect::<Vec<_>>().join(", "))
            } else if is("integer") {
                format!("must be an integer between {} and {}", schema["minimum"], schema["maximum"])
            } else if is("boolean") {
                "must be true or false".to_owned()
            } else {
                continue;
            };
            for wrong in ["", "x", "1.5", MARKER, "%00", "%FF"] {
                let reply = expect_refused(target.caller.get(&format!("{path}?{name}={wrong}")).await, wrong);
                assert_eq!(message(reply, name), expected);
            }
            attacked += 1;
        }
    }
    assert!(attacked >= 9, "only {attacked} parameters");
}

#[tokio::test]
async fn the_examples_of_real_mistakes_are_told_well() {
    let target = Target::new().await;
    let caller = &target.caller;
    let path = format!("/schedules/{}/seats", target.schedule);
    let reply = caller.post(&path, json!({ "rows": [{ "row": 1, "from": 1 }] })).await;
    let reply = reply.expect_problem(400, "invalid-request");
    let expected = [
        ("rows[0].to", "is missing; it must be an integer between 1 and 25000"),
        ("rows[0].row", "must be a string such as \"1\""),
    ];
    let expected = expected.map(|(field, message)| json!({ "field": field, "message": message }));
    assert_eq!(reply.body["errors"], json!(expected));
    let reply = caller.post(&path, json!({ "rows": [{ "row": "1", "from": 1, "to": 70_000 }] })).await;
    assert_eq!(message(reply, "rows[0].to"), "must be an integer between 1 and 25000");
    let schedules = format!("/concerts/{}/schedules", target.concert);
    let body = json!({ "place": "Hall", "starts_at": "tomorrow", "sale_opens_at": 1, "sale_closes_at": "2030-01-01" });
    let reply = caller.post(&schedules, body).await.expect_problem(400, "invalid-request");
    let errors = reply.body["errors"].as_array().expect("errors");
    assert!(
        errors
            .iter()
            .all(|error| error["message"].as_str().is_some_and(|told| told.starts_with("must be a time such as "))),
        "{errors:?}"
    );
    assert_eq!(errors.len(), 3, "{errors:?}");
    let reply = caller.delete("/concerts/x").await;
    assert!(message(reply, "concert_id").starts_with("must be a UUID such as "));
    let many: Vec<Value> = (0..100).map(|_| json!({})).collect();
    let reply = caller.post(&path, json!({ "rows": many })).await.expect_problem(400, "invalid-request");
    assert_eq!(reply.body["errors"].as_array().map(Vec::len), Some(20));
}
