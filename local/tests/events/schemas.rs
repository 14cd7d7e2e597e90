//! The events that leave, each against the schema of its kind in docs/events, and docs/events.md.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use onsale_platform::events::EventKind;
use serde_json::{Value, json};

use crate::repository;
use crate::support::World;
use crate::support::cards::{CAPTURE_REFUSED, GOOD, REFUND_FAILS};
use crate::support::receiver::Listening;

/// Kinds that stay inside: places in a queue, steps between the payment provider and us, and links that are mailed are
/// no business of others.
const INSIDE: [EventKind; 7] = [
    EventKind::TokenFinished,
    EventKind::CardPaymentCommitted,
    EventKind::CardPaymentAbandoned,
    EventKind::CardPaymentReported,
    EventKind::CardRefundDue,
    EventKind::AddressProofRequested,
    EventKind::PasswordResetRequested,
];

fn leaving() -> impl Iterator<Item = EventKind> {
    EventKind::ALL.into_iter().filter(|kind| !INSIDE.contains(kind))
}

fn schema(kind: &str) -> Value {
    let path = format!("docs/events/{kind}.schema.json");
    serde_json::from_str(&repository::read(&path)).unwrap_or_else(|problem| panic!("{path}: {problem}"))
}

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(schema).expect("a schema")
}

/// The schemas of `data`: one, or one for each thing that can be paid.
fn of_data(schema: &Value) -> Vec<&Value> {
    let data = &schema["properties"]["data"];
    data["oneOf"].as_array().map_or_else(|| vec![data], |several| several.iter().collect())
}

/// Brings every kind of event about, of reservations and of orders.
async fn everything(world: &World) {
    let (hall, product) = (world.schedule_with_seats().await, world.product(1_000, 100).await);
    let (mina, poor) = (world.user_with(1_000_000).await, world.user_with(0).await);
    for (seat, paid) in [("A-1-1", true), ("A-1-2", true), ("A-1-3", false)] {
        let held = mina.hold(&hall, &[seat]).await.expect(201).reservation();
        if paid {
            mina.pay(&held).await.expect(201);
        } else {
            mina.delete(&format!("/reservations/{held}")).await.expect(200);
        }
        if seat == "A-1-2" {
            mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
        }
    }
    let several = mina.hold(&hall, &["A-1-4", "A-1-5"]).await.expect(201).reservation();
    mina.delete(&format!("/reservations/{several}/tickets/A-1-4")).await.expect(200);
    let partly = mina.hold(&hall, &["A-1-7", "A-1-8"]).await.expect(201).reservation();
    mina.pay(&partly).await.expect(201);
    mina.delete(&format!("/reservations/{partly}/tickets/A-1-8")).await.expect(200);
    let declined = poor.hold(&hall, &["A-1-6"]).await.expect(201).reservation();
    poor.pay(&declined).await.expect(402);
    let order = mina.buy(&[(&product, 2)]).await.expect(201).order();
    mina.refund_order(&order).await.expect(200);
    let order = mina.order(&[(&product, 1)]).await.expect(201).order();
    mina.delete(&format!("/orders/{order}")).await.expect(200);
    mina.order(&[(&product, 1)]).await.expect(201);
    let declined = poor.order(&[(&product, 1)]).await.expect(201).order();
    poor.pay_order(&declined).await.expect(402);
    // By card: put into the wallet, never captured, and given back to a card that takes none.
    mina.top_up_by_card(world, 1_000, GOOD).await;
    for (seat, card) in [("A-1-9", CAPTURE_REFUSED), ("A-1-10", REFUND_FAILS)] {
        let held = poor.hold(&hall, &[seat]).await.expect(201).reservation();
        poor.pay_by_card(world, &held, card).await;
        world.settle_cards().await;
        if card == REFUND_FAILS {
            poor.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
        }
    }
    world.settle_cards().await;
    world.stack.drain_events().await.expect("settled");
    world.wait(400);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    world.stack.drain_events().await.expect("settled");
}

/// Which thing an event is about, and its version.
fn thing(event: &Value) -> (String, u64) {
    let data = &event["data"];
    let ids = ["reservation_id", "order_id", "action_id", "card_payment_id"];
    let id = ids.iter().find_map(|name| data[*name].as_str()).expect("a thing");
    // A refund of a card payment is a thing of its own.
    let refund = data["refund"].as_u64().map(|number| format!("-{number}")).unwrap_or_default();
    (format!("{id}{refund}"), data["version"].as_u64().expect("a version"))
}

fn every_kind_came(listening: &Listening) {
    let came: BTreeSet<String> =
        listening.all_events().iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect();
    assert_eq!(came, leaving().map(|kind| kind.as_str().to_owned()).collect());
}

#[tokio::test]
async fn every_event_that_leaves_is_as_its_schema_says_and_no_more() {
    let (world, listening) = World::with_receiver().await;
    everything(&world).await;
    every_kind_came(&listening);
    let schemas: BTreeMap<&str, Value> = leaving().map(|kind| (kind.as_str(), schema(kind.as_str()))).collect();
    let mut used: BTreeSet<(String, usize)> = BTreeSet::new();
    for event in listening.all_events() {
        let kind = event["type"].as_str().expect("a type");
        let schema = &schemas[kind];
        let problems: Vec<String> = validator(schema).iter_errors(&event).map(|problem| problem.to_string()).collect();
        assert!(problems.is_empty(), "{event}: {problems:#?}");
        // Nothing leaves that is not documented.
        let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
        let mut traced = event.clone();
        traced["traceparent"] = json!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assert!(validator(schema).is_valid(&traced), "{kind} within a trace");
        assert_eq!(names(&traced), names(&schema["properties"]));
        let parts = of_data(schema);
        let part = parts.iter().position(|part| names(&event["data"]) == names(&part["properties"]));
        used.insert((kind.to_owned(), part.unwrap_or_else(|| panic!("{event}"))));
        let id = event["id"].as_str().expect("an id");
        assert!(!id.contains('.') && id.ends_with(&format!("/{}", thing(&event).1)), "{id}");
        for secret in ["@", "eyJ", "password", "argon2", "rt1."] {
            assert!(!event.to_string().contains(secret), "{secret} in {event}");
        }
    }
    let all =
        schemas.iter().flat_map(|(kind, schema)| (0..of_data(schema).len()).map(|part| ((*kind).to_owned(), part)));
    let unused: Vec<_> = all.filter(|part| !used.contains(part)).collect();
    assert!(unused.is_empty(), "no event shows these parts of a schema: {unused:?}");
}

#[tokio::test]
async fn a_schema_refuses_what_is_not_its_event() {
    let (world, listening) = World::with_receiver().await;
    everything(&world).await;
    for event in listening.all_events() {
        let kind = event["type"].as_str().expect("a type").to_owned();
        let validator = validator(&schema(&kind));
        let data: Vec<String> = event["data"].as_object().expect("data").keys().cloned().collect();
        for name in data {
            let mut less = event.clone();
            less["data"].as_object_mut().expect("data").remove(&name);
            assert!(!validator.is_valid(&less), "{kind} without {name}");
            let mut other = event.clone();
            other["data"][&name] = json!({ "no": "such" });
            assert!(!validator.is_valid(&other), "{kind} with a wrong {name}");
        }
        for (name, value) in [
            ("type", "a.b"),
            ("time", "yesterday"),
            ("specversion", "0.3"),
            ("source", "/x"),
            ("id", "a.b"),
            ("traceparent", "00-x"),
        ] {
            let mut other = event.clone();
            other[name] = json!(value);
            assert!(!validator.is_valid(&other), "{kind} with a wrong {name}");
        }
    }
}

#[tokio::test]
async fn versions_put_the_events_of_one_thing_in_order() {
    let (world, listening) = World::with_receiver().await;
    everything(&world).await;
    let mut things: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for event in listening.all_events() {
        let (id, version) = thing(&event);
        things.entry(id).or_default().push((version, event["type"].as_str().expect("a type").to_owned()));
    }
    for (id, mut versions) in things {
        versions.sort();
        assert!(versions.windows(2).all(|pair| pair[0].0 < pair[1].0), "{id}: {versions:?}");
        let begins = ["reservation.held", "order.placed", "admin.acted"].contains(&versions[0].1.as_str());
        assert!(
            begins || versions[0].1 == "payment.completed" || versions[0].1.starts_with("card_"),
            "{id}: {versions:?}"
        );
    }
}

#[test]
fn every_kind_that_leaves_has_a_schema_and_a_row_and_nothing_else_has() {
    let expected: BTreeSet<String> = leaving().map(|kind| kind.as_str().to_owned()).collect();
    let files = repository::files("docs/events", "");
    let schemas: BTreeSet<String> = files
        .iter()
        .filter_map(|path| path.strip_prefix("docs/events/")?.strip_suffix(".schema.json"))
        .map(str::to_owned)
        .collect();
    assert_eq!((&schemas, files.len()), (&expected, expected.len()));
    for kind in &expected {
        let schema = schema(kind);
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{kind}");
        assert_eq!(schema["properties"]["type"]["const"], *kind);
    }
    let guide = repository::read("docs/events.md");
    let rows: BTreeSet<String> =
        guide.lines().filter_map(|line| Some(line.strip_prefix("| [`")?.split_once('`')?.0.to_owned())).collect();
    assert_eq!(rows, expected, "rows of docs/events.md");
}
