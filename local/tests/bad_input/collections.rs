//! Bad input that others have collected: each string of the Big List of Naughty Strings as every text of a body, as
//! every parameter of a path and a query and as every header; and each text of the JSON Parsing Test Suite as every
//! body.
//!
//! The folder `ONSALE_BAD_INPUT` has them whole, as `tools/correctness/send-bad-input` puts them there. Without it a
//! few of each kind are sent.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::http::{HeaderValue, header};
use serde_json::Value;

use super::bodies::{places, with_raw};
use super::{Route, Target};
use crate::support::Reply;

/// A longer body is not read.
const BODY_BYTES_MAX: usize = 65_536;

/// Names the folder that has both collections.
const FOLDER: &str = "ONSALE_BAD_INPUT";

/// One string of each chapter of the list.
const FEW_STRINGS: [&str; 24] = [
    "",
    "undefined",
    "null",
    "true",
    "1/0",
    "-9223372036854775809",
    "NaN",
    "0x0",
    "1,000.00",
    ",./;'[]\\-=",
    "<>?:\"{}|_+",
    "\u{1}\u{2}\u{7f}\u{85}",
    "\u{feff}",
    "Ω≈ç√∫˜µ≤≥÷",
    "¡™£¢∞§¶•ªº–≠",
    "田中さんにあげて下さい",
    "ヽ༼ຈل͜ຈ༽ﾉ",
    "👾 🙇 💁 🙅 🙆",
    "הָיְתָהtestالصفحات",
    "\u{202a}test\u{202a}\u{2028}\u{2029}",
    "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤",
    "<script>alert(123)</script>",
    "1;DROP TABLE users",
    "../../../../etc/passwd%00",
];

/// Texts that are no JSON, are JSON that only some parsers take, or are JSON that is no body.
const FEW_TEXTS: [(&str, &str); 12] = [
    ("n_array_1_true_without_comma", "[1 true]"),
    ("n_number_-01", "[-01]"),
    ("n_number_hex_1_digit", "[0x1]"),
    ("n_object_trailing_comment", "{\"a\":\"b\"}/**/"),
    ("n_object_single_quote", "{'a':0}"),
    ("n_string_unescaped_tab", "[\"\t\"]"),
    ("n_structure_unclosed_object", "{\"asd\":\"asd\""),
    ("i_number_huge_exp", "[0.4e00669999999999999999999999999999999999999999999999]"),
    ("i_string_lone_second_surrogate", "[\"\\uDFAA\"]"),
    ("i_structure_UTF-8_BOM_empty_object", "\u{feff}{}"),
    ("y_object_duplicated_key", "{\"a\":\"b\",\"a\":\"c\"}"),
    ("y_string_nonCharacterInUTF-8_U+FFFF", "[\"\u{ffff}\"]"),
];

fn collection(file: &str) -> Option<Value> {
    let path = PathBuf::from(std::env::var_os(FOLDER)?).join(file);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_slice(&text).expect("JSON"))
}

fn strings() -> Vec<String> {
    match collection("naughty-strings.json") {
        Some(all) => serde_json::from_value(all).expect("strings"),
        None => FEW_STRINGS.map(str::to_owned).into(),
    }
}

/// Names and texts.
fn texts() -> Vec<(String, String)> {
    match collection("json-texts.json") {
        Some(all) => serde_json::from_value(all).expect("pairs of texts"),
        None => FEW_TEXTS.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
    }
}

/// How many requests of each sort had which status.
#[derive(Default)]
struct Tally(BTreeMap<(&'static str, u16), usize>);

impl Tally {
    /// Counts an answer, and insists that it is no failure and that a refusal says which it is.
    #[track_caller]
    fn count(&mut self, sort: &'static str, input: &str, reply: &Reply) {
        let status = reply.status.as_u16();
        let shown = || format!("{} with {sort} {input:?}: {status} {}", reply.request, reply.body);
        assert!(status < 500, "{}", shown());
        if status >= 400 {
            assert!(reply.body["code"].is_string(), "{}", shown());
            assert_eq!(reply.headers[header::CONTENT_TYPE], "application/problem+json", "{}", shown());
        }
        *self.0.entry((sort, status)).or_default() += 1;
    }

    /// Prints them and gives their sum.
    fn print(&self) -> usize {
        for ((sort, status), requests) in &self.0 {
            println!("{requests:>7} requests, {sort}: {status}");
        }
        let sum = self.0.values().sum();
        println!("{sum:>7} requests in all, no failure");
        sum
    }
}

/// As a part of a path or a query: all but the letters that need no escape are escaped.
pub(super) fn escaped(text: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Sends a string as every parameter and header of a route.
async fn as_parameters(target: &Target, route: &Route, text: &str, tally: &mut Tally) {
    for name in target.parameters(route, "path") {
        let reply = target.send_with(route, &target.path(route, &name, &escaped(text)), None).await;
        tally.count("a parameter of the path", text, &reply);
    }
    let path = target.path(route, "", "");
    for name in target.parameters(route, "query") {
        let reply = target.send_with(route, &format!("{path}?{name}={}", escaped(text)), None).await;
        tally.count("a parameter of the query", text, &reply);
    }
    let value = HeaderValue::from_bytes(text.as_bytes()).ok();
    let headers = target.parameters(route, "header").into_iter().chain(["accept-language".to_owned()]);
    for (name, value) in headers.filter_map(|name| Some((name, value.clone()?))) {
        let reply = target.send_with(route, &path, Some((&name.to_lowercase(), value))).await;
        tally.count("a header", text, &reply);
    }
}

#[tokio::test]
async fn naughty_strings_are_taken_or_refused_wherever_a_text_may_stand() {
    let (target, strings, mut tally) = (Target::new().await, strings(), Tally::default());
    for route in target.routes() {
        for text in &strings {
            as_parameters(&target, &route, text, &mut tally).await;
        }
        let Some(schema) = &route.schema else { continue };
        let example = target.example(&route);
        let places = places(&target, schema, &example, "");
        for place in places.iter().filter(|place| place.value.is_string()) {
            for text in &strings {
                let body = with_raw(&example, place, &Value::from(text.as_str()).to_string());
                tally.count("a text of a body", text, &target.send_json(&route, body).await);
            }
        }
    }
    let sorts: Vec<&str> = tally.0.keys().map(|(sort, _)| *sort).collect();
    for sort in ["a header", "a parameter of the path", "a parameter of the query", "a text of a body"] {
        assert!(sorts.contains(&sort), "{sort} was never sent");
    }
    assert!(tally.print() > 100 * strings.len());
    target.world.check_invariants().await;
}

#[tokio::test]
async fn each_text_of_the_json_parsing_test_suite_is_refused_as_a_body() {
    let (target, texts, mut tally) = (Target::new().await, texts(), Tally::default());
    for route in target.routes_with_body() {
        for (name, text) in &texts {
            let reply = target.send_json(&route, text.clone()).await;
            tally.count(if name.starts_with("n_") { "no JSON" } else { "JSON, or nearly" }, name, &reply);
            // Only an object may be a body, and one without any field only where no field has to be there.
            let empty = text.trim() == "{}";
            assert!(reply.status.is_client_error() || empty, "{} with {name}: {}", reply.request, reply.status);
            if name.starts_with("n_") {
                let due = if text.len() > BODY_BYTES_MAX { 413 } else { 400 };
                assert_eq!(reply.status.as_u16(), due, "{} with {name}", reply.request);
            }
        }
        target.expect_unharmed(&route).await;
    }
    assert!(tally.print() >= 8 * texts.len());
}
