//! What a line of the log says of a failure besides its message.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, header};
use local::intercept::{Before, Call, FailedItems, Intercept};
use onsale_platform::memory::lock;
use onsale_platform::telemetry::logs;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

use crate::support::World;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Keeps what a function of AWS would write to its log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&self.0).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Lines {
    /// From now on this thread logs here, from `level` on.
    fn from(level: &str) -> (Self, tracing::subscriber::DefaultGuard) {
        let lines = Self::default();
        let guard = tracing::subscriber::set_default(logs::subscriber(level, lines.clone()));
        (lines, guard)
    }

    /// The lines with this message, each a JSON object.
    fn saying(&self, message: &str) -> Vec<Value> {
        let bytes = lock(&self.0).clone();
        let text = String::from_utf8(bytes).expect("text");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}")));
        lines.filter(|line| line["message"] == message).collect()
    }
}

/// A table that is too busy for anything.
struct Busy;

impl Intercept for Busy {
    fn before(&self, call: &Call<'_>) -> Before {
        if call.service == "dynamodb" { Before::Throttle(FailedItems::ALL) } else { Before::Proceed }
    }
}

/// Pays while the table is busy; the reservation and the id of the request.
async fn fails_to_pay(world: &World) -> (String, String) {
    let hall = world.schedule_with_seats().await;
    let mina = world.user_with(100_000).await;
    let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    world.stack.intercept(Some(Arc::new(Busy)));
    let request = Request::builder()
        .method("POST")
        .uri("/payments")
        .header(header::CONTENT_TYPE, "application/json")
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .body(Body::from(json!({ "reservation_id": held }).to_string()));
    let reply = mina.send(request.expect("a request")).await.expect(503);
    let id = reply.headers["apigw-requestid"].to_str().expect("text").to_owned();
    (held, id)
}

#[tokio::test]
async fn a_failure_is_one_line_with_function_request_trace_and_what_it_is_about() {
    let world = World::new().await;
    let (lines, _guard) = Lines::from("info");
    let (reservation, request) = fails_to_pay(&world).await;
    let told = lines.saying("the table is busy");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["level"], "WARN");
    let span = json!({
        "name": "request", "function": "pay", "request_id": request, "trace_id": TRACE, "reservation_id": reservation,
    });
    assert_eq!(told[0]["span"], span);
}

#[tokio::test]
async fn the_level_is_a_setting_and_hides_no_field() {
    let world = World::new().await;
    let (lines, _guard) = Lines::from("error");
    fails_to_pay(&world).await;
    assert!(lines.saying("the table is busy").is_empty(), "a warning at the level of errors");
    world.stack.intercept(None);
    let message = json!({ "messageId": "m-1", "body": "garbage", "eventSource": "aws:sqs" });
    world.stack.invoke("release_declined_payment", json!({ "Records": [message] })).await.expect("an answer");
    let told = lines.saying("message failed");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["level"], &told[0]["message_id"]), (&json!("ERROR"), &json!("m-1")));
    let span = &told[0]["span"];
    assert_eq!(span["function"], "release_declined_payment");
    assert!(span["request_id"].as_str().is_some_and(|id| id.parse::<Uuid>().is_ok()), "{span}");
}

#[tokio::test]
async fn a_message_that_fails_names_its_event_and_what_that_is_about() {
    let world = World::new().await;
    let hall = world.schedule_with_seats().await;
    let poor = world.user_with(0).await;
    let held = poor.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    poor.pay(&held).await.expect(402);
    world.stack.relay().await.expect("relayed");
    let (lines, _guard) = Lines::from("info");
    world.stack.intercept(Some(Arc::new(Busy)));
    world.stack.deliver().await.expect("delivered");
    let told = lines.saying("message failed");
    assert_eq!(told.len(), 1, "{told:?}");
    let (span, around) = (&told[0]["span"], &told[0]["spans"][0]);
    assert_eq!((&span["name"], &span["reservation_id"]), (&json!("message"), &json!(held)));
    assert!(span["event_id"].as_str().is_some_and(|id| id.contains(&held)), "{span}");
    assert!(span["message_id"].is_string(), "{span}");
    assert_eq!((&around["name"], &around["function"]), (&json!("call"), &json!("release_declined_payment")));
}

#[tokio::test]
async fn what_is_no_id_in_a_path_is_not_told() {
    let world = World::new().await;
    let mina = world.user().await;
    mina.get("/wallet").await.expect(404);
    let (lines, _guard) = Lines::from("info");
    world.stack.intercept(Some(Arc::new(Busy)));
    let seat = "A-1-1";
    let schedule = "0193a000-0000-7000-8000-00000000beef";
    mina.get(&format!("/schedules/{schedule}/seats/{seat}")).await.expect(503);
    let told = lines.saying("the table is busy");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["span"]["schedule_id"], schedule);
    assert!(!told[0].to_string().contains(seat), "{}", told[0]);
}
