//! `onsale reconcile`: what table and payment provider say of the same day.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use local::third_parties::payment_provider::Method;
use onsale_domain::wallet::cards::reconciliation::Difference;
use onsale_platform::store::wallet::cards::reconcile::{Reconciliation, reconcile};
use serde_json::json;

use crate::support::World;
use crate::support::cards::{GOOD, Started};
use crate::support::program::{Program, onsale, stack};

/// The day around now, compared.
async fn compared(world: &World) -> Reconciliation {
    let (from, to) =
        (world.clock.now() - SignedDuration::from_hours(12), world.clock.now() + SignedDuration::from_hours(12));
    reconcile(world.stack.app(), from, to).await.expect("compared")
}

/// Seats that a card paid, of which one was given back, and a payment that nobody authorised.
async fn world_with_payments() -> (World, Started) {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    let paid = mina.pay_by_card(&world, &held, GOOD).await;
    world.settle_cards().await;
    mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
    world.settle_cards().await;
    let other = mina.hold(&schedule, &["A-1-3"]).await.expect(201).reservation();
    mina.start_card(json!({ "reservation_id": other })).await.expect(201);
    (world, paid)
}

fn change(world: &World, sk: &str, expression: &str, value: serde_json::Value) {
    let items = world.items();
    let item = items.values().find(|item| item["sk"]["S"] == sk).expect("an item");
    let request = json!({
        "TableName": world.stack.template().table.name, "Key": { "pk": item["pk"], "sk": item["sk"] },
        "UpdateExpression": expression, "ExpressionAttributeNames": { "#state": "state" },
        "ExpressionAttributeValues": { ":value": value },
    });
    world.stack.dynamodb().call("UpdateItem", &request).expect("tampered");
}

#[tokio::test]
async fn a_day_of_charges_refunds_and_open_payments_agrees() {
    let (world, _) = world_with_payments().await;
    let before = world.dump();
    let report = compared(&world).await;
    let (charged, refunded) = (100_000, 50_000);
    assert_eq!(report, Reconciliation { payments: 2, under_way: 1, charged, refunded, differences: Vec::new() });
    assert_eq!(world.dump(), before, "it writes nothing");
    world.wait(3_600);
    world.settle_cards().await;
    assert_eq!(compared(&world).await.under_way, 0, "nobody authorised it, and it is closed");
    let tomorrow = world.clock.now() + SignedDuration::from_hours(24);
    let later = reconcile(world.stack.app(), tomorrow, tomorrow + SignedDuration::from_hours(24)).await;
    assert_eq!(later.expect("compared"), Reconciliation::default());
}

#[tokio::test]
async fn a_difference_made_by_hand_is_found() {
    let (world, paid) = world_with_payments().await;
    let sk = format!("CARD#{}", paid.id);
    let found = async |expected: Difference| {
        let report = compared(&world).await;
        assert_eq!(report.differences, [(paid.intent().to_owned(), expected)]);
    };
    change(&world, &sk, "SET #state = :value", json!({ "S": "void" }));
    found(Difference::Charge { ours: 0, theirs: 100_000 }).await;
    change(&world, &sk, "SET #state = :value", json!({ "S": "captured" }));

    // A refund by hand, at the provider alone.
    let key = fs::read_to_string(world.stack.directory().join("card-key")).expect("the key");
    let parameters = [("payment_intent", paid.intent().to_owned()), ("amount", "700".to_owned())];
    let refunded = world.ask_provider(key.trim(), Method::Post, "/v1/refunds".to_owned(), &parameters);
    assert_eq!(refunded.status, 200, "{}", refunded.body);
    found(Difference::Refunds { ours: 50_000, theirs: 50_700 }).await;
}

#[tokio::test]
async fn a_payment_that_only_one_side_knows_is_found() {
    let (world, paid) = world_with_payments().await;
    let sk = format!("CARD#{}", paid.id);
    let items = world.items();
    let item = items.values().find(|item| item["sk"]["S"] == sk.as_str()).expect("an item").clone();
    let table = &world.stack.template().table.name;
    let key = json!({ "pk": item["pk"], "sk": item["sk"] });
    world.stack.dynamodb().call("DeleteItem", &json!({ "TableName": table, "Key": key })).expect("deleted");
    let report = compared(&world).await;
    assert_eq!(report.differences, [(paid.intent().to_owned(), Difference::NotInTable(100_000))]);

    let mut unknown = item;
    unknown["intent"] = json!({ "S": "pi_unknown" });
    world.stack.dynamodb().call("PutItem", &json!({ "TableName": table, "Item": unknown })).expect("put");
    let report = compared(&world).await;
    let mut expected =
        [("pi_unknown".to_owned(), Difference::NotWithProvider), (paid.intent().to_owned(), Difference::OtherIntent)];
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    let mut differences = report.differences;
    differences.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(differences, expected);
}

/// Exit status and last line of the command.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = onsale().arg("reconcile").args(arguments).output().expect("it runs");
    let printed = String::from_utf8(output.stdout).expect("text");
    (output.status.code(), printed.lines().last().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_says_in_its_exit_status_whether_both_sides_agree() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().to_str().expect("a path");
    let program = Program::start(&mut stack(&["--data", path]));
    let provider = program.address("payment_provider").to_owned();
    let provider = provider.as_str();
    let agree = (Some(0), "table and provider agree".to_owned());
    assert_eq!(run(&["--data", path, "--provider-url", provider, "2026-01-01"]), agree);
    assert_eq!(run(&["--data", path, "--provider-url", "http://127.0.0.1:9", "2026-01-01"]).0, Some(2));

    let key = fs::read_to_string(directory.path().join("card-key")).expect("the key");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let post = async |path: &str, key: &str, form: &str| -> serde_json::Value {
        let request = client.post(format!("{}{path}", provider.trim_end_matches('/'))).bearer_auth(key);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let bytes = request.send().await.expect("an answer").bytes().await.expect("a body");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let intent = post("/v1/payment_intents", key.trim(), "amount=5000&currency=krw&payment_method_types[]=card").await;
    let (id, secret) = (intent["id"].as_str().expect("an id"), intent["client_secret"].as_str().expect("a secret"));
    let card = format!(
        "client_secret={secret}&payment_method_data[type]=card&payment_method_data[card][number]={GOOD}\
         &payment_method_data[card][exp_month]=12&payment_method_data[card][exp_year]=2030&payment_method_data[card][cvc]=123"
    );
    let confirmed = post(&format!("/v1/payment_intents/{id}/confirm"), "pk_local", &card).await;
    assert_eq!(confirmed["status"], "succeeded", "{confirmed}");
    let differ = (Some(1), "table and provider differ: 1 difference".to_owned());
    let created = intent["created"].as_i64().and_then(|second| Timestamp::from_second(second).ok());
    let day = created.expect("a time").to_string()[..10].to_owned();
    assert_eq!(run(&["--data", path, "--provider-url", provider, &day]), differ);
    drop(program);
    // Of data that nobody serves: the provider's memory lies beside the table.
    assert_eq!(run(&["--data", path, &day]), differ);
}
