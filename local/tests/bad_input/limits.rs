//! Sizes at every limit that the OpenAPI document declares, and one past it: the limit itself is taken, the next value
//! is refused by the name of its field.

use serde_json::{Value, json};

use super::{Route, Target, is_taken};
use crate::support::Reply;

/// Texts without a declared length: what they must be is said otherwise.
const WITHOUT_LENGTH: [&str; 9] = [
    // Whatever is not the right one is 401.
    "log_in /password",
    "refresh_session /refresh_token",
    "change_password /password",
    "erase_me /password",
    "prove_address /token",
    "reset_password /token",
    // Two labels and a number bound it.
    "create_reservation /seat_ids/0",
    // One of a few words.
    "create_coupon /discount/kind",
    "update_product /state",
];

/// A number of a query that is one of a few, and has no range.
const OF_A_FEW: &str = "days";

/// A place in a body with what the document says of it.
struct Field {
    pointer: String,
    schema: Value,
}

impl Field {
    /// Its name, or that of the list whose item it is.
    fn name(&self) -> &str {
        self.pointer.split('/').rfind(|part| part.parse::<usize>().is_err()).unwrap_or_default()
    }
}

/// Whether a schema is of this type, or of it and null.
fn is_a(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&kind.into()))
}

/// A schema without what lets it be null.
fn not_null<'a>(target: &'a Target, schema: &'a Value) -> &'a Value {
    let one_of = schema["oneOf"].as_array().or(schema["anyOf"].as_array()).into_iter().flatten();
    let given = one_of.clone().find(|one| one["type"] != "null").unwrap_or(schema);
    target.resolved(given)
}

/// Every field of a body's schema; of a list its first item.
fn fields(target: &Target, schema: &Value, pointer: &str) -> Vec<Field> {
    let schema = not_null(target, schema);
    let mut found = vec![Field { pointer: pointer.to_owned(), schema: schema.clone() }];
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        found.extend(fields(target, inner, &format!("{pointer}/{name}")));
    }
    if is_a(schema, "array") {
        found.extend(fields(target, &schema["items"], &format!("{pointer}/0")));
    }
    found
}

/// A text of so many characters that its field takes but for its length.
fn text_of(field: &Field, characters: usize) -> String {
    match field.name() {
        // A host's labels have at most 63 characters, and what stands before the @ has at most 64.
        "email" => {
            let host = format!("{0}.{0}.{0}.example", "h".repeat(59));
            match characters.checked_sub(host.len() + 1) {
                Some(local) if (1..=64).contains(&local) => format!("{}@{host}", "m".repeat(local)),
                _ => format!("{}@{}.{}", "m".repeat(64), host, "h".repeat(characters - host.len() - 66)),
            }
        }
        // Not one that is easily guessed.
        "password" | "new_password" => {
            "zq8#Lw2!".chars().chain("correct horse ".chars().cycle()).take(characters).collect()
        }
        _ => "a".repeat(characters),
    }
}

/// So many different items, the first of which is the example's.
fn items_of(field: &Field, example: &Value, count: usize) -> Value {
    let item = |index: usize| match field.name() {
        "seat_ids" => json!(format!("A-1-{}", index + 1)),
        "rows" => json!({ "row": index.to_string(), "from": 1, "to": 1 }),
        "items" if index > 0 => {
            json!({ "product_id": format!("00000000-0000-4000-8000-{index:012}"), "quantity": 1 })
        }
        _ => example[0].clone(),
    };
    (0..count).map(item).collect()
}

/// The example with a value in a place, and what else has to be so that only this value can be wrong.
fn with(example: &Value, field: &Field, value: Value) -> Value {
    let mut body = example.clone();
    match field.pointer.as_str() {
        // A percentage has a limit of its own.
        "/discount/value" => body["discount"]["kind"] = "amount".into(),
        "/rows/0/from" => body["rows"][0]["to"] = value.clone(),
        _ => {}
    }
    if field.pointer == "/discount/value" {
        body["discount"].as_object_mut().expect("an object").remove("max");
    }
    *body.pointer_mut(&field.pointer).expect("a place") = value;
    body
}

/// Values at the limits of a field that it takes, and values just past them.
fn at_and_past(field: &Field, example: &Value) -> (Vec<Value>, Vec<Value>) {
    let schema = &field.schema;
    let limit = |name: &str| schema[name].as_i64();
    let make = |size: i64| -> Value {
        let length = || usize::try_from(size).expect("a size");
        if is_a(schema, "string") {
            return text_of(field, length()).into();
        }
        if is_a(schema, "array") {
            items_of(field, example.pointer(&field.pointer).expect("a list"), length())
        } else {
            size.into()
        }
    };
    let least = limit("minimum").or(limit("minLength")).or(limit("minItems"));
    let most = limit("maximum").or(limit("maxLength")).or(limit("maxItems"));
    let sizes_are_counts = !is_a(schema, "integer");
    let below = least.map(|least| least - 1).filter(|below| !sizes_are_counts || *below >= 0);
    // An address cannot be short by its length alone.
    let short = field.name() == "email";
    let at = least.into_iter().filter(|_| !short).chain(most).map(make).collect();
    let past = below.into_iter().filter(|_| !short).chain(most.map(|most| most + 1)).map(make).collect();
    (at, past)
}

/// Whether a refusal is for this field.
fn names(reply: &Reply, field: &Field) -> bool {
    let errors = reply.body["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["field"].as_str()).any(|named| {
        let last = named.rsplit('.').next().unwrap_or(named);
        last.split('[').next() == Some(field.name())
    })
}

/// Whether a schema says how long, how large or how many its values may be.
fn declares_limits(schema: &Value) -> bool {
    let has = |name: &str| !schema[name].is_null();
    if is_a(schema, "string") {
        return has("maxLength") || has("enum") || has("format");
    }
    if is_a(schema, "integer") {
        return has("minimum") && has("maximum");
    }
    !is_a(schema, "array") || has("minItems") && has("maxItems")
}

/// Sends what is at the limits of one field of a route, and what is past them; how many requests that were. Notes what
/// is answered otherwise than the limits say.
async fn at_the_limits(target: &Target, route: &Route, field: &Field, wrong: &mut Vec<String>) -> usize {
    let example = target.example(route);
    let (at, past) = at_and_past(field, &example);
    for value in &at {
        let reply = target.send_json(route, with(&example, field, value.clone()).to_string()).await;
        let fits = reply.status.as_u16() < 500 && !names(&reply, field);
        if !fits {
            wrong.push(format!("{} takes no {} at its limit: {}", reply.request, field.pointer, reply.body));
        }
    }
    for value in &past {
        let reply = target.send_json(route, with(&example, field, value.clone()).to_string()).await;
        let refused = reply.status.as_u16() == 400 && names(&reply, field);
        if !refused {
            wrong.push(format!("{} takes {} past its limit: {}", reply.request, field.pointer, reply.body));
        }
    }
    at.len() + past.len()
}

#[tokio::test]
async fn every_field_of_a_body_declares_its_limits_and_keeps_them() {
    let target = Target::new().await;
    let (mut wrong, mut sent) = (Vec::new(), 0);
    for route in target.routes_with_body() {
        for field in fields(&target, route.schema.as_ref().expect("a schema"), "") {
            let name = format!("{} {}", route.name, field.pointer);
            // A property of the body's other form.
            if target.example(&route).pointer(&field.pointer).is_none_or(Value::is_null) {
                continue;
            }
            if WITHOUT_LENGTH.contains(&name.as_str()) || declares_limits(&field.schema) {
                sent += at_the_limits(&target, &route, &field, &mut wrong).await;
            } else {
                wrong.push(format!("{name} has no limits in the document"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("{sent} requests at limits and past them");
    assert!(sent > 80, "only {sent} requests");
}

#[tokio::test]
async fn every_number_of_a_query_declares_its_limits_and_keeps_them() {
    let target = Target::new().await;
    let mut sent = 0;
    for route in target.routes() {
        let operation = &target.document["paths"][&route.path][route.method.as_str().to_lowercase()];
        for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|it| it["in"] == "query") {
            let (name, schema) = (parameter["name"].as_str().expect("a name"), &parameter["schema"]);
            if !is_a(schema, "integer") || name == OF_A_FEW {
                continue;
            }
            let limit =
                |limit: &str| schema[limit].as_i64().unwrap_or_else(|| panic!("{} {name} has no {limit}", route.name));
            let path = target.path(&route, "", "");
            for (value, fits) in [
                (limit("minimum"), true),
                (limit("maximum"), true),
                (limit("minimum") - 1, false),
                (limit("maximum") + 1, false),
            ] {
                let reply = target.caller.get(&format!("{path}?{name}={value}")).await;
                let said = format!("{}: {} {}", reply.request, reply.status, reply.body);
                assert_eq!(is_taken(&reply), fits, "{said}");
                assert!(fits || reply.status.as_u16() == 400, "{said}");
                sent += 1;
            }
        }
    }
    assert!(sent >= 32, "only {sent} requests");
}
