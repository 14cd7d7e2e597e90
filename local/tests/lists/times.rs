//! Every time that a request may name × a table of difficult times.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{document, operations, resolved};
use crate::support::{Person, Reply, World};

/// Times that are read, and how they are answered.
const READ: [(&str, &str); 7] = [
    ("2030-03-28T03:30:00Z", "2030-03-28T03:30:00Z"),
    ("2030-03-28t03:30:00z", "2030-03-28T03:30:00Z"),
    ("2030-03-28T03:30:00+09:00", "2030-03-27T18:30:00Z"),
    ("2030-03-28T03:30:00-12:00", "2030-03-28T15:30:00Z"),
    ("2030-03-28T03:30:00.1Z", "2030-03-28T03:30:00.1Z"),
    ("2030-03-28T03:30:00.123456Z", "2030-03-28T03:30:00.123Z"),
    ("2030-03-28T03:30:00.999999999+00:00", "2030-03-28T03:30:00.999Z"),
];

/// Times that are none, that contradict themselves, or that nothing may name.
const REFUSED: [&str; 15] = [
    "2030-03-28T03:30:00+09:00[Europe/Berlin]",
    "2030-03-28T03:30:00+02:00[Europe/Berlin]",
    "2030-03-28T03:30:00[Asia/Seoul]",
    "2030-03-28T03:30:00+25:00",
    "2030-03-28T03:30:00+09:60",
    "2030-03-28T03:30:00+09",
    "2030-03-28T03:30:00",
    "2030-03-28 03:30:00Z",
    "2030-03-28T24:00:00Z",
    "2030-03-28T23:59:60Z",
    "2030-02-29T03:30:00Z",
    "1999-12-31T23:59:59Z",
    "2100-01-01T00:00:00.001Z",
    "1900000000",
    "",
];

/// The times that the body of each operation may name.
fn fields(document: &Value) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for (name, _, operation) in operations(document) {
        let schema = resolved(document, &operation["requestBody"]["content"]["application/json"]["schema"]);
        let fields = schema["properties"].as_object().into_iter().flatten();
        let times: Vec<String> =
            fields.filter(|(_, field)| field["format"] == "date-time").map(|(field, _)| field.clone()).collect();
        if !times.is_empty() {
            all.insert(name, times);
        }
    }
    all
}

/// How to send one request that names times, and how to read what it made.
struct Case {
    operation: &'static str,
    method: &'static str,
    path: String,
    body: Value,
    /// Where what was made is read, given its answer.
    read: fn(&Value) -> String,
}

async fn cases(world: &World, admin: &Person) -> Vec<Case> {
    let concert = admin.post("/concerts", json!({ "name": "Zones", "description": "" })).await.expect(201);
    vec![
        Case {
            operation: "create_schedule",
            method: "POST",
            path: format!("/concerts/{}/schedules", concert.text("concert_id")),
            body: json!({
                "place": "Hall", "starts_at": world.at(90 * 365 * 86_400 / 2).to_string(),
                "sale_opens_at": world.at(0).to_string(), "sale_closes_at": world.at(40 * 365 * 86_400).to_string(),
            }),
            read: |made| format!("/schedules/{}", made["schedule_id"].as_str().expect("an id")),
        },
        Case {
            operation: "create_coupon",
            method: "POST",
            path: "/coupons".to_owned(),
            body: json!({
                "name": "Coupon", "discount": { "kind": "amount", "value": 1 }, "quantity": 1,
                "valid_from": world.at(0).to_string(), "valid_until": world.at(40 * 365 * 86_400).to_string(),
            }),
            read: |made| format!("/coupons/{}", made["coupon_id"].as_str().expect("an id")),
        },
        Case {
            operation: "put_queue",
            method: "PUT",
            path: "/queues/zones".to_owned(),
            body: json!({
                "capacity": 1, "admit_per_second": 1, "active_minutes": 1,
                "opens_at": world.at(0).to_string(), "closes_at": world.at(40 * 365 * 86_400).to_string(),
                "ends_at": world.at(40 * 365 * 86_400).to_string(),
            }),
            read: |_| "/queues/zones".to_owned(),
        },
    ]
}

impl Case {
    async fn send(&self, admin: &Person, body: Value) -> Reply {
        admin.call(self.method.parse().expect("a method"), &self.path, Some(body), None).await
    }

    /// The body with one time said otherwise; what must come after it comes after it.
    fn with(&self, field: &str, time: &str) -> Value {
        let mut body = self.body.clone();
        body[field] = json!(time);
        // The sale ends before the start.
        if field == "starts_at" {
            body["sale_closes_at"] = json!("2030-01-01T00:00:00Z");
        }
        body
    }
}

#[tokio::test]
async fn every_time_is_kept_as_it_is_answered_or_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut fields = fields(&document(&world).await);
    for case in cases(&world, &admin).await {
        let times = fields.remove(case.operation).unwrap_or_default();
        assert!(!times.is_empty(), "{} names no time", case.operation);
        for field in &times {
            for (given, expected) in READ {
                let made = case.send(&admin, case.with(field, given)).await;
                assert!(made.status.is_success(), "{field} {given}: {}", made.body);
                let body = made.body;
                assert_eq!(body[field], expected, "{}: {field} {given}, as it was answered", case.operation);
                world.wait(2);
                let read = world.anonymous().get(&(case.read)(&body)).await.expect(200).body;
                assert_eq!(read[field], expected, "{}: {field} {given}, as it is read", case.operation);
            }
            for given in REFUSED {
                case.send(&admin, case.with(field, given)).await.expect_invalid(field);
            }
        }
    }
    assert!(fields.is_empty(), "times without a case: {fields:?}");
}

/// Sales, coupons and queues that would end in the millisecond in which they begin.
#[tokio::test]
async fn a_window_that_is_empty_once_it_is_kept_is_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    for case in cases(&world, &admin).await {
        let (from, until) = match case.operation {
            "create_schedule" => ("sale_opens_at", "sale_closes_at"),
            "create_coupon" => ("valid_from", "valid_until"),
            "put_queue" => ("opens_at", "closes_at"),
            other => panic!("which window has {other}?"),
        };
        let mut body = case.body.clone();
        (body[from], body[until]) = (json!("2030-01-01T00:00:00.0001Z"), json!("2030-01-01T00:00:00.0009Z"));
        case.send(&admin, body.clone()).await.expect_invalid(until);
        body[until] = json!("2030-01-01T00:00:00.001Z");
        assert!(case.send(&admin, body).await.status.is_success(), "{}", case.operation);
    }
}

#[tokio::test]
async fn what_is_over_before_it_is_made_is_refused_and_a_repeat_is_not() {
    let world = World::new().await;
    let admin = world.admin().await;
    let cases = cases(&world, &admin).await;
    let now = world.at(0).to_string();
    let past = |case: &Case| match case.operation {
        "create_schedule" => Some(("starts_at", json!({ "sale_closes_at": now, "starts_at": now }))),
        "create_coupon" => Some(("valid_until", json!({ "valid_until": now }))),
        // An open queue is closed at once by a time that has come.
        _ => None,
    };
    for case in &cases {
        let mut body = case.body.clone();
        let earlier = ["sale_opens_at", "valid_from", "opens_at"].map(|name| (name, world.at(-60).to_string()));
        for (name, time) in earlier.iter().filter(|(name, _)| case.body[name].is_string()) {
            body[name] = json!(time);
        }
        let Some((field, change)) = past(case) else {
            body["closes_at"] = json!(now);
            assert!(case.send(&admin, body).await.status.is_success(), "{} in the past", case.operation);
            continue;
        };
        for (name, value) in change.as_object().expect("fields") {
            body[name] = value.clone();
        }
        case.send(&admin, body.clone()).await.expect_invalid(field);
        // The same a moment earlier is made, and its repeat is the same success when its time is over.
        let key = Uuid::from_u128(7);
        world.wait(-1);
        let made = admin.post_with_key(&case.path, body.clone(), key).await.expect(201);
        world.wait(1);
        let again = admin.post_with_key(&case.path, body.clone(), key).await.expect(201);
        assert!(again.replayed() && again.body == made.body, "{}", case.operation);
        body["place"] = json!("Elsewhere");
        if case.operation == "create_schedule" {
            let reused = admin.post_with_key(&case.path, body, key).await;
            reused.expect_problem(422, "idempotency-key-reused");
        }
    }
}
