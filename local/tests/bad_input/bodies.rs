//! What is sent as a body.

use serde_json::Value;

use super::{MARKER, Route, Target, expect_refused, is_taken};

/// Far deeper than any parser should follow.
const DEPTH: usize = 10_000;

/// A place in an example: JSON pointer, what is there, and whether it may be left out.
pub(super) struct Place {
    pub(super) pointer: String,
    pub(super) value: Value,
    pub(super) optional: bool,
}

impl Place {
    /// As refusals name it: `rows[0].row`.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for part in self.pointer.split('/').skip(1) {
            match part.parse::<usize>() {
                Ok(index) => path.push_str(&format!("[{index}]")),
                Err(_) if path.is_empty() => path.push_str(part),
                Err(_) => path.push_str(&format!(".{part}")),
            }
        }
        path
    }
}

/// Every property of an example, nested ones too, and every element of its lists.
pub(super) fn places(target: &Target, schema: &Value, body: &Value, pointer: &str) -> Vec<Place> {
    let schema = target.resolved(schema);
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.contains(&name.into()));
    let mut found = Vec::new();
    let mut add = |inner: String, schema: &Value, value: &Value, optional: bool| {
        found.extend(places(target, schema, value, &inner));
        found.push(Place { pointer: inner, value: value.clone(), optional });
    };
    match body {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            add(format!("{pointer}/{name}"), &schema["properties"][name], value, !required(name));
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| {
            add(format!("{pointer}/{index}"), &schema["items"], value, false);
        }),
        _ => {}
    }
    found
}

/// The example with raw JSON (or what looks like it) in one place.
pub(super) fn with_raw(example: &Value, place: &Place, raw: &str) -> String {
    const PLACEHOLDER: &str = "@raw@";
    let mut body = example.clone();
    *body.pointer_mut(&place.pointer).expect("a place") = PLACEHOLDER.into();
    body.to_string().replace(&format!("\"{PLACEHOLDER}\""), raw)
}

/// Raw values that a place must not take.
fn wrong_values(place: &Place) -> Vec<String> {
    let nested = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let mut wrong = vec![
        "true".to_owned(),
        "1.5".to_owned(),
        "1e400".to_owned(),
        "-1e400".to_owned(),
        "{}".to_owned(),
        format!("{{\"{MARKER}\":\"{MARKER}\"}}"),
        "[[]]".to_owned(),
        format!("[\"{MARKER}\"]"),
        "[".repeat(DEPTH),
        nested,
        "\"\\ud800\"".to_owned(),
        MARKER.to_owned(),
        String::new(),
    ];
    // A value that may be left out may be null.
    if !place.optional {
        wrong.push("null".to_owned());
    }
    if place.value.is_boolean() {
        wrong.retain(|value| value != "true");
    }
    wrong.extend(match &place.value {
        Value::Bool(_) => ["0", "1", "\"true\"", "True"].map(str::to_owned).into(),
        // Units may be taken away.
        Value::Number(number) if place.pointer.ends_with("/delta") => {
            wrong_numbers(number).into_iter().filter(|value| value != "-1").collect()
        }
        Value::Number(number) => wrong_numbers(number),
        Value::String(text) => wrong_texts(place, text),
        Value::Array(_) => ["[]", "[null]", "[7]", "7", "\"\""].map(str::to_owned).into(),
        Value::Object(fields) => {
            // The values of an object in any order are not the object.
            let values: Vec<&Value> = fields.values().collect();
            let orders = orders(&values).into_iter().map(|values| serde_json::to_string(&values).expect("JSON"));
            orders.chain(["[]", "7", "\"\""].map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    });
    wrong
}

fn wrong_numbers(number: &serde_json::Number) -> Vec<String> {
    let mut wrong: Vec<String> = ["-1", "99999999999", "9223372036854775808", "-9223372036854775809", "[]", "1E2"]
        .into_iter()
        .chain(["18446744073709551616", "0x10", "01", "+1", ".5", "1.", "NaN", "Infinity", "-"])
        .map(str::to_owned)
        .collect();
    wrong.push(format!("\"{number}\""));
    wrong.push(format!("{number}.0"));
    wrong.push(format!("\"{MARKER}\""));
    wrong.push("9".repeat(400));
    wrong
}

fn wrong_texts(place: &Place, text: &str) -> Vec<String> {
    let mut wrong = vec![
        "7".to_owned(),
        "\"\"".to_owned(),
        format!("\"{text}\\u0000{MARKER}\""),
        format!("\"{MARKER}\\u0000\""),
        format!("\"{MARKER}\u{0}\""),
        format!("\"{MARKER}\n{MARKER}\""),
        format!("\"{}\"", MARKER.repeat(5_000)),
        "'text'".to_owned(),
        format!("\"{MARKER}"),
    ];
    // A password may have any character but NUL, and a description more than one line.
    if !place.pointer.ends_with("password") {
        for control in ["\\u0001", "\\b", "\\u001b[31m", "\\r", "\\u007f", "\\u0085", "\\t"] {
            wrong.push(format!("\"{MARKER}{control}{MARKER}\""));
        }
    }
    // An empty description is one, and any line break is one of a description. So it is with a message.
    if place.pointer.ends_with("/description") || place.pointer.ends_with("/message") {
        wrong.retain(|value| value != "\"\"" && !value.contains("\\r") && !value.contains("\\u0085"));
    }
    wrong
}

async fn expect_all_refused(target: &Target, route: &Route, inputs: impl IntoIterator<Item = Vec<u8>>) {
    let before = target.world.dump();
    for input in inputs {
        let reply = target.send_json(route, input.clone()).await;
        expect_refused(reply, &format!("{} {}", route.name, String::from_utf8_lossy(&input)));
    }
    assert_eq!(target.world.dump(), before, "{} has written something", route.name);
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let target = Target::new().await;
    let deep = "[".repeat(DEPTH);
    let texts = [
        "",
        " ",
        "\u{feff}{}",
        MARKER,
        "{",
        "}",
        "{]",
        "[",
        "{}x",
        "{}{}",
        "{} {}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1,}",
        "// x\n{}",
        "/* x */{}",
        "nul",
        "tru",
        "undefined",
        "\"",
        "\"\\x\"",
        "a=1&b=2",
        "<a>canary-7f3a</a>",
        "--x\r\n",
        "\u{0}",
        "{\u{0}}",
        "\u{1f600}",
        &deep,
    ];
    for route in target.routes_with_body() {
        let bytes: [&[u8]; 4] = [b"\xff\xfe{\0}\0", b"{\"a\":\"\xff\"}", b"\x1f\x8b\x08\0", b"\xc0\xae"];
        for input in texts.iter().map(|text| text.as_bytes()).chain(bytes) {
            let reply = target.send_json(&route, input.to_vec()).await;
            let reply = expect_refused(reply, &String::from_utf8_lossy(input));
            assert_eq!(reply.status, 400, "{}", reply.request);
        }
        target.expect_unharmed(&route).await;
    }
}

#[tokio::test]
async fn every_beginning_of_a_good_body_is_refused() {
    let target = Target::new().await;
    for route in target.routes_with_body() {
        let whole = target.example(&route).to_string().into_bytes();
        let beginnings = (0..whole.len()).map(|length| whole[..length].to_vec());
        expect_all_refused(&target, &route, beginnings).await;
        target.expect_unharmed(&route).await;
    }
}

#[tokio::test]
async fn json_of_another_type_is_refused() {
    let target = Target::new().await;
    for route in target.routes_with_body() {
        let example = target.example(&route);
        let properties = route.schema.as_ref().expect("a schema")["properties"].as_object().expect("properties");
        // A lax parser takes the values of an object, in some order, for the object.
        let values: Vec<&Value> = properties.keys().map(|name| &example[name]).collect();
        let mut inputs: Vec<String> =
            ["null", "true", "7", "1.5", "\"canary-7f3a\"", "[]", "[{}]", "[null]"].map(str::to_owned).into();
        inputs.push(format!("[{example}]"));
        inputs.push(Value::from(example.to_string()).to_string());
        inputs.extend(orders(&values).iter().map(|values| serde_json::to_string(values).expect("JSON")));
        expect_all_refused(&target, &route, inputs.into_iter().map(String::into_bytes)).await;
        target.expect_unharmed(&route).await;
    }
}

/// Most values of which every order is sent: of nine there would be 362,880.
const ORDERED_MAX: usize = 7;
/// How many orders of more values are sent, drawn at random, the same in each run.
const ORDERS_DRAWN: usize = 5_000;

/// All orders of a few values, and many of more.
fn orders<'a>(values: &[&'a Value]) -> Vec<Vec<&'a Value>> {
    if values.len() <= ORDERED_MAX {
        return every_order(values);
    }
    let mut random = fastrand::Rng::with_seed(7);
    let drawn = std::iter::repeat_with(|| {
        let mut order = values.to_vec();
        random.shuffle(&mut order);
        order
    });
    drawn.take(ORDERS_DRAWN).collect()
}

fn every_order<'a>(values: &[&'a Value]) -> Vec<Vec<&'a Value>> {
    if values.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in values.iter().enumerate() {
        let rest: Vec<&Value> =
            values.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, value)| *value).collect();
        for mut order in every_order(&rest) {
            order.insert(0, first);
            all.push(order);
        }
    }
    all
}

#[tokio::test]
async fn a_wrong_value_of_any_property_is_refused() {
    let target = Target::new().await;
    let mut attacked = 0;
    for route in target.routes_with_body() {
        let example = target.example(&route);
        for place in places(&target, route.schema.as_ref().expect("a schema"), &example, "") {
            let inputs = wrong_values(&place).into_iter().map(|raw| with_raw(&example, &place, &raw).into_bytes());
            expect_all_refused(&target, &route, inputs).await;
            attacked += 1;
        }
        target.expect_unharmed(&route).await;
    }
    assert!(attacked >= 25, "only {attacked} properties");
}

#[tokio::test]
async fn a_missing_unknown_or_doubled_field_is_refused() {
    let target = Target::new().await;
    for route in target.routes_with_body() {
        let example = target.example(&route);
        let fields = example.as_object().expect("an object");
        let before = target.world.dump();
        for place in places(&target, route.schema.as_ref().expect("a schema"), &example, "") {
            let (parent, name) = place.pointer.rsplit_once('/').expect("a pointer");
            let is_field = example.pointer(parent).is_some_and(Value::is_object);
            if !is_field || place.optional {
                continue;
            }
            let mut without = example.clone();
            without.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(name);
            let reply = target.send_json(&route, without.to_string()).await;
            expect_refused(reply, name).expect_invalid(&place.path());
        }
        let body = example.to_string();
        let opened = body.strip_prefix('{').expect("an object");
        for (name, value) in fields {
            let doubled = format!("{{\"{name}\":{value},{opened}");
            expect_refused(target.send_json(&route, doubled).await, name).expect_invalid(name);
        }
        for unknown in [MARKER, "", "__proto__", "constructor", "Email", "\\u0000", "user_id", "role"] {
            for value in ["null", "1", "\"canary-7f3a\"", "[]", &"[".repeat(DEPTH)] {
                let more = format!("{{\"{unknown}\":{value},{opened}");
                expect_refused(target.send_json(&route, more).await, unknown);
            }
        }
        assert_eq!(target.world.dump(), before, "{} has written something", route.name);
        target.expect_unharmed(&route).await;
    }
}

#[tokio::test]
async fn a_body_has_64_kib_and_no_byte_more() {
    let target = Target::new().await;
    for route in target.routes_with_body() {
        let body = target.example(&route).to_string();
        let padded = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
        let before = target.world.dump();
        for length in [65_537, 1_000_000] {
            let reply = target.send_json(&route, padded(length)).await;
            expect_refused(reply, "spaces").expect_problem(413, "body-too-large");
        }
        // More than API Gateway takes: it answers itself.
        let reply = target.send_json(&route, padded(11 * 1024 * 1024)).await.expect(413);
        assert_eq!(reply.body["message"], "Request Entity Too Large");
        assert_eq!(target.world.dump(), before);
        let reply = target.send_json(&route, padded(65_536)).await;
        assert!(is_taken(&reply), "{}: {}", reply.request, reply.body);
    }
}
