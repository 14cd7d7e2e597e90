//! Dead letters that are put back as docs/operations.md says: afterwards everything is as if nothing had failed.

use axum::body::Body;
use axum::http::Request;
use local::intercept::{Before, Call, FailedItems, Intercept};
use onsale_platform::ids::Ids;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

use super::{message_count, put, queue, receive_all};
use crate::support::World;
use crate::support::receiver::Listening;

/// A world in which the same requests give the same ids, so that two of them can be compared.
async fn world() -> (World, Listening) {
    World::with_receiver_and(|options| options.ids = Ids::seeded("twins")).await
}

/// Something for each consumer, committed and relayed, and not yet consumed.
pub async fn relay_events_to_each_consumer(world: &World) {
    let (hall, product) = (world.schedule_with_seats().await, world.product(1_000, 100).await);
    let (poor, mina) = (world.user_with(0).await, world.user_with(1_000_000).await);
    for seat in ["A-1-1", "A-1-2"] {
        let held = poor.hold(&hall, &[seat]).await.expect(201).reservation();
        poor.pay(&held).await.expect(402);
    }
    let order = poor.order(&[(&product, 3)]).await.expect(201).order();
    poor.pay_order(&order).await.expect(402);
    for units in 1..=3 {
        mina.buy(&[(&product, units)]).await.expect(201);
    }
    let order = mina.buy(&[(&product, 7)]).await.expect(201).order();
    mina.refund_order(&order).await.expect(200);
    world.queued_schedule(json!({ "capacity": 3, "admit_per_second": 3 })).await;
    for _ in 0..2 {
        world.admitted_user().await.leave().await.expect(204);
    }
    world.stack.relay().await.expect("relayed");
}

/// Throttles every transaction of one function.
struct Against(&'static str);

impl Intercept for Against {
    fn before(&self, call: &Call<'_>) -> Before {
        let strikes = call.function == Some(self.0) && call.operation == "TransactWriteItems";
        if strikes { Before::Throttle(FailedItems::ALL) } else { Before::Proceed }
    }
}

/// How often the template lets a message of this queue fail.
fn receives_max(world: &World, name: &str) -> usize {
    let url = queue(world, name);
    let found = world.stack.template().queues.iter().find(|queue| queue.url == url).expect("the queue");
    let policy: Value = serde_json::from_str(&found.attributes["RedrivePolicy"]).expect("JSON");
    usize::try_from(policy["maxReceiveCount"].as_u64().expect("a number")).expect("few")
}

/// Asks the SQS port, as another program would.
pub async fn ask(world: &World, operation: &str, body: Value) -> Value {
    let request = Request::post("/").header("x-amz-target", format!("AmazonSQS.{operation}"));
    let request = request.body(Body::from(body.to_string())).expect("a request");
    let answer = world.stack.sqs().router().oneshot(request).await.expect("an answer");
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 1_000_000).await.expect("a body");
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    assert_eq!(status, 200, "{body}");
    body
}

pub async fn redrive(world: &World, name: &str) {
    let dead = format!("arn:aws:sqs:us-east-1:000000000000:{name}DeadLetterQueue");
    let task = ask(world, "StartMessageMoveTask", json!({ "SourceArn": dead })).await;
    assert!(task["TaskHandle"].is_string(), "{task}");
    let tasks = ask(world, "ListMessageMoveTasks", json!({ "SourceArn": dead })).await;
    assert_eq!(tasks["Results"][0]["Status"], "COMPLETED", "{tasks}");
}

/// Fails the consumer of a queue until its messages are dead, puts them back, and compares with a world where nothing
/// failed. Garbage that lies in the same queue is the only thing that is left.
async fn as_if_nothing_had_failed(name: &str, consumer: &'static str) {
    let (calm, of_calm) = world().await;
    relay_events_to_each_consumer(&calm).await;
    calm.stack.drain_events().await.expect("settled");

    let (world, listening) = world().await;
    relay_events_to_each_consumer(&world).await;
    put(&world, &queue(&world, name), "garbage").await;
    let waiting = message_count(&world, name);
    assert!(waiting > 2, "{name}: {waiting}");
    if name == "DataPlatform" {
        listening.answer(500);
    } else {
        world.stack.intercept(Some(Arc::new(Against(consumer))));
    }
    for _ in 0..=receives_max(&world, name) {
        world.stack.deliver().await.expect("delivered");
    }
    let dead = format!("{name}DeadLetter");
    assert_eq!((message_count(&world, name), message_count(&world, &dead)), (0, waiting), "{name}");
    assert_ne!((world.dump(), listening.events().len()), (calm.dump(), of_calm.events().len()), "{name} did nothing");

    world.stack.intercept(None);
    listening.answer(200);
    redrive(&world, name).await;
    assert_eq!((message_count(&world, name), message_count(&world, &dead)), (waiting, 0), "{name}");
    world.stack.drain_events().await.expect("settled");
    let (one, other) = (world.dump(), calm.dump());
    let differing: Vec<_> = one
        .iter()
        .filter(|item| !other.contains(item))
        .chain(other.iter().filter(|item| !one.contains(item)))
        .collect();
    assert!(differing.is_empty(), "{name}: {differing:#?}");
    let (mut one, mut other) = (ids(&listening), ids(&of_calm));
    one.sort();
    other.sort();
    assert_eq!(one, other, "{name}");
    assert_eq!(receive_all(&world, &queue(&world, name)).await, ["garbage"]);
    world.check_invariants().await;
}

fn ids(listening: &Listening) -> Vec<String> {
    listening.events().iter().map(|event| event["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn payments_that_failed_are_put_back() {
    as_if_nothing_had_failed("Payments", "release_declined_payment").await;
}

#[tokio::test]
async fn sales_that_failed_are_put_back() {
    as_if_nothing_had_failed("Sales", "record_sales").await;
}

#[tokio::test]
async fn tokens_that_failed_are_put_back() {
    as_if_nothing_had_failed("Tokens", "free_queue_places").await;
}

#[tokio::test]
async fn events_that_the_data_platform_did_not_take_are_put_back() {
    as_if_nothing_had_failed("DataPlatform", "deliver_webhooks").await;
}

#[tokio::test]
async fn only_dead_letters_can_be_put_back() {
    let world = World::new().await;
    for of in ["PaymentsQueue", "ParkedQueue", "NoQueue"] {
        let source = json!({ "SourceArn": format!("arn:aws:sqs:us-east-1:000000000000:{of}") });
        assert!(world.stack.sqs().call("StartMessageMoveTask", &source).await.is_err(), "{of}");
    }
    put(&world, &queue(&world, "SalesDeadLetter"), "one").await;
    let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    let there = json!({ "SourceArn": arn("SalesDeadLetterQueue"), "DestinationArn": arn("ParkedQueue") });
    ask(&world, "StartMessageMoveTask", there).await;
    assert_eq!(receive_all(&world, &queue(&world, "Parked")).await, ["one"]);
}
