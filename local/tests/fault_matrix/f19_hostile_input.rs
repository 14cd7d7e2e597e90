//! F19: hostile input. Whole lists of it go to every route in `bad_input`; here it meets each operation where it could
//! succeed.

use serde_json::{Value, json};

use super::act::Outcome;
use super::case::{Caller, Case};
use super::scene::{KEY, Scene};
use crate::support::queue::QUEUE;

cells!(hostile_requests: hold release pay cancel cancel_ticket refund reissue top_up credit spend start_card_payment
    confirm_card_payment pay_out order claim join claim_admission leave manage_shop roles sessions erase);
cells!(hostile_events: expire advance relay release_declined_payment free_queue_places record_sales settle_card_payments
    sweep_card_payments);

/// What nobody who means well sends.
const TEXTS: [&str; 8] = [
    "",
    "'; DROP TABLE onsale; --",
    "../../../../etc/passwd",
    "\u{0}\u{1}\u{202e}\u{fffe}",
    "USER#0193a000-0000-7000-8000-000000000001",
    "-1e999999",
    "#n = :mine OR attribute_exists(pk)",
    "𒐫𒐫𒐫𒐫",
];

/// It is refused with a reason, never with a failure of ours, and changes nothing; and the right request succeeds.
async fn hostile_requests(scene: &Scene) {
    let before = scene.world.dump();
    let right = scene.event();
    let mut events = Vec::new();
    if let Some(body) = scene.case.asked(scene).body {
        let fields: Vec<String> = body.as_object().expect("an object").keys().cloned().collect();
        for field in fields {
            for value in values(&body[&field]) {
                let mut body = body.clone();
                body[&field] = value;
                events.push(with(&right, "/body", &body.to_string()));
            }
        }
        let unknown = ["price", "total", "user_id", "role", "state", "__proto__"];
        for name in unknown.into_iter().filter(|name| body.get(name).is_none()) {
            let mut body = body.clone();
            body[name] = json!(1);
            events.push(with(&right, "/body", &body.to_string()));
        }
        let whole = body.to_string();
        let cut = &whole[..whole.len() - 1];
        // Of a product that changes in nothing nothing is asked.
        let empty = if scene.case == Case::UpdateProduct { "[{}]" } else { "{}" };
        for text in ["", "null", "[]", empty, cut, &"[".repeat(10_000), &" ".repeat(70_000)] {
            events.push(with(&right, "/body", text));
        }
    }
    // What is no header the gateway does not let through.
    let headers = TEXTS.into_iter().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
    if scene.case.takes_a_key() {
        events.extend(headers.clone().map(|text| with(&right, "/headers/idempotency-key", text)));
        events.push(with(&right, "/headers/idempotency-key", &KEY.simple().to_string()));
    }
    if scene.case.shows_a_queue_token() {
        events.extend(headers.map(|text| with(&right, "/headers/queue-token", text)));
    }
    events.extend(paths(&right));
    for event in events {
        let outcome = scene.call(&scene.process(), event.clone()).await;
        assert_refused(scene, &outcome, &event);
    }
    assert_eq!(scene.world.dump(), before, "{:?}: a refusal has written", scene.case);
    scene.converges("after all that").await;
}

/// The request with something else in the place of each id of its path.
fn paths(right: &Value) -> Vec<Value> {
    let path = right["rawPath"].as_str().expect("a path");
    let segments: Vec<&str> = path.split('/').collect();
    let is_id = |segment: &&str| *segment == QUEUE || segment.bytes().any(|byte| byte.is_ascii_digit());
    let mut events = Vec::new();
    for id in segments.into_iter().filter(is_id) {
        for other in ["x", "%00", "%2e%2e%2f", "'%20OR%201=1", "%F0%92%90%AB", "%ff", &"9".repeat(300)] {
            let other = path.replace(id, other);
            events.push(with(&with(right, "/rawPath", &other), "/requestContext/http/path", &other));
        }
    }
    events
}

/// Values that do not belong where this one is.
fn values(right: &Value) -> Vec<Value> {
    let mut wrong: Vec<Value> = vec![
        json!({}),
        json!([[]]),
        json!(i64::MIN),
        json!(1.5),
        json!(i64::MAX),
        json!(u64::MAX),
        json!("x".repeat(5_000)),
        json!(vec!["A-1-1"; 1_000]),
    ];
    // Any text is a name or a memo.
    if !right.is_string() || right.as_str().is_some_and(|text| text.len() == 36) {
        wrong.extend(TEXTS.map(Value::from));
    }
    wrong
}

fn with(event: &Value, pointer: &str, text: &str) -> Value {
    let mut event = event.clone();
    *event.pointer_mut(pointer).expect("it is there") = text.into();
    event
}

fn assert_refused(scene: &Scene, outcome: &Outcome, event: &Value) {
    let sent = event.to_string();
    let sent = sent.get(..600).unwrap_or(&sent);
    assert!(outcome.is_refusal(), "{:?}: {outcome:?} to {sent}", scene.case);
}

/// A function that HTTP does not call reads nothing from it, or fails as a whole or for that message alone; it does
/// not break, and what is right succeeds afterwards.
async fn hostile_events(scene: &Scene) {
    let mut events = vec![json!(null), json!([]), json!({ "Records": "x" }), json!({ "Records": [null, 1, {}] })];
    events.push(json!({ "Records": { "a": [{ "a": [{}] }] } }));
    for text in TEXTS {
        events.push(json!({ "Records": [{ "messageId": text, "body": text, "eventSource": text }] }));
        events.push(
            json!({ "Records": [{ "dynamodb": { "NewImage": { "pk": { "S": text }, "change": { "S": text } } } }] }),
        );
    }
    let before = scene.world.dump();
    for event in events {
        let outcome = scene.call(&scene.process(), event.clone()).await;
        assert!(outcome.status == 200 || outcome.is_busy(), "{:?}: {outcome:?}", scene.case);
        if scene.case.caller() == Caller::Batch {
            assert_eq!(scene.world.dump(), before, "{:?}: {event} has written", scene.case);
        }
    }
    scene.converges("after all that").await;
}
