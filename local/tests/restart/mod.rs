//! The real program on its data directory, killed without warning: what was answered with success is there after
//! the next start ([`kills`]), and what a payment set off is carried through.

use std::collections::BTreeSet;
use std::path::Path;

use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::program::{self, stack};

mod buyer;
mod kills;
mod wanted;

/// How often something is looked at before it counts as not happening.
const LOOKS_MAX: usize = 100_000;

/// The running program.
struct Program {
    process: program::Program,
    api: Api,
    /// The receiver of events.
    receiver: Api,
    schedule: String,
}

/// Where its API is.
#[derive(Clone)]
struct Api {
    url: String,
    client: Client,
}

/// An answer that came whole.
struct Answer {
    status: u16,
    /// Whether it says that the request had been carried out before.
    replayed: bool,
    body: Value,
}

impl Program {
    fn start(data: &Path) -> Self {
        let mut command = stack(&["--data", data.to_str().expect("a path")]);
        // No hold lapses while a test looks at it, however slow the machine is.
        command.env("HOLD_SECONDS", "86400").env("RELEASE_ON_DECLINE", "true");
        let process = program::Program::start(&mut command);
        let demo = std::fs::read(data.join("demo.json")).expect("demo data");
        let demo: Value = serde_json::from_slice(&demo).expect("JSON");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let at = |name: &str| Api::at(process.address(name).to_owned());
        let (api, receiver) = (at("api"), at("data_platform"));
        Self { process, api, receiver, schedule: text(&demo["schedule_id"]) }
    }

    fn kill(self) {
        self.process.kill();
    }
}

/// The headers of a request.
struct Headers<'a> {
    /// The access token; empty for none.
    token: &'a str,
    /// The idempotency key.
    key: Option<Uuid>,
    queue_token: Option<&'a str>,
}

impl Api {
    fn at(url: String) -> Self {
        // No connection is used twice: one that broke would be tried again by the client itself.
        let client = Client::builder().pool_max_idle_per_host(0).build().expect("a client");
        Self { url, client }
    }

    /// A new request, with a key of its own.
    async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Option<(StatusCode, Value)> {
        let key = Ids::Random.uuid(Clock::System.now());
        let headers = Headers { token, key: Some(key), queue_token: None };
        let answer = self.send(method, path, headers, body).await?;
        Some((StatusCode::from_u16(answer.status).expect("a status"), answer.body))
    }

    /// None when the answer did not come whole.
    async fn send(&self, method: Method, path: &str, headers: Headers<'_>, body: Option<Value>) -> Option<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(headers.token);
        if let Some(key) = headers.key {
            request = request.header("idempotency-key", key.to_string());
        }
        if let Some(queue_token) = headers.queue_token {
            request = request.header("queue-token", queue_token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let replayed = answer.headers().contains_key("idempotent-replayed");
        let body = answer.bytes().await.ok()?;
        Some(Answer { status, replayed, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
    }

    async fn log_in(&self, email: &str) -> String {
        self.log_in_with(email, local::demo::USER_PASSWORD).await
    }

    async fn log_in_with(&self, email: &str, password: &str) -> String {
        let body = json!({ "email": email, "password": password });
        let (status, session) = self.call(Method::POST, "/sessions", "", Some(body)).await.expect("an answer");
        assert_eq!(status, 200, "{session}");
        session["access_token"].as_str().expect("a token").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decline_is_carried_through_after_kill_9() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = Program::start(directory.path());
    let token = program.api.log_in("mina@onsale.local").await;
    let mut held = Vec::new();
    for seat in 1..=4 {
        let body = json!({ "schedule_id": program.schedule, "seat_ids": [format!("A-1-{seat}")] });
        let (status, reservation) =
            program.api.call(Method::POST, "/reservations", &token, Some(body)).await.expect("an answer");
        assert_eq!(status, 201, "{reservation}");
        held.push(reservation["reservation_id"].clone());
    }
    let broke = sign_up_broke(&program.api).await;
    let body = json!({ "schedule_id": program.schedule, "seat_ids": ["A-1-10"] });
    let (_, reservation) =
        program.api.call(Method::POST, "/reservations", &broke, Some(body)).await.expect("an answer");
    let body = json!({ "reservation_id": reservation["reservation_id"] });
    let (status, problem) = program.api.call(Method::POST, "/payments", &broke, Some(body)).await.expect("an answer");
    assert_eq!((status.as_u16(), &problem["code"]), (402, &json!("insufficient-balance")));
    program.kill();

    let program = Program::start(directory.path());
    let seat = format!("/schedules/{}/seats/A-1-10", program.schedule);
    // The stream is read again from its mark; the seat is free once the event has come through.
    let mut state = Value::Null;
    for _ in 0..LOOKS_MAX {
        let (_, seat) = program.api.call(Method::GET, &seat, "", None).await.expect("an answer");
        state = seat["state"].clone();
        if state == "available" {
            break;
        }
    }
    assert_eq!(state, "available");
    for reservation in held {
        let path = format!("/reservations/{}", reservation.as_str().expect("an id"));
        let (status, reservation) = program.api.call(Method::GET, &path, &token, None).await.expect("an answer");
        assert_eq!((status.as_u16(), &reservation["state"]), (200, &json!("held")));
    }
}

/// The events that the receiver shows, but for those of the administrator who made the demo data.
fn of_buyers(events: &Value) -> impl Iterator<Item = &Value> {
    let items = events["items"].as_array().expect("items").iter();
    let is_an_admins = |event: &Value| {
        let id = event["id"].as_str().unwrap_or_default();
        event["type"] == "admin.acted" || id.starts_with(local::demo::ADMIN_ID)
    };
    items.filter(move |item| !is_an_admins(&item["event"]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_data_platform_would_not_take_before_kill_9_it_gets_afterwards() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = Program::start(directory.path());
    let refuse = json!({ "answer": 500 });
    program.receiver.call(Method::PUT, "/behaviour", "", Some(refuse)).await.expect("an answer");
    let token = program.api.log_in("mina@onsale.local").await;
    let body = json!({ "schedule_id": program.schedule, "seat_ids": ["A-1-1"] });
    let (_, held) = program.api.call(Method::POST, "/reservations", &token, Some(body)).await.expect("an answer");
    let body = json!({ "reservation_id": held["reservation_id"] });
    let (status, paid) = program.api.call(Method::POST, "/payments", &token, Some(body)).await.expect("an answer");
    assert_eq!(status, 201, "{paid}");
    let mut refused = 0;
    for _ in 0..LOOKS_MAX {
        let (_, events) = program.receiver.call(Method::GET, "/events?limit=100", "", None).await.expect("an answer");
        assert_eq!(of_buyers(&events).count(), 0, "{events}");
        let number = |name: &str| events[name].as_u64().expect("a number");
        refused = number("requests") - number("events");
        if refused >= 2 {
            break;
        }
    }
    assert!(refused >= 2, "nothing was ever posted");
    program.kill();

    // The queue and the receiver were memory; the stream is read again behind the mark.
    let program = Program::start(directory.path());
    let mut told = BTreeSet::new();
    for _ in 0..LOOKS_MAX {
        let (_, events) = program.receiver.call(Method::GET, "/events?limit=100", "", None).await.expect("an answer");
        let of = |item: &Value| format!("{} {}", item["event"]["type"], item["event"]["data"]["reservation_id"]);
        told = of_buyers(&events).map(of).collect();
        if told.len() == 2 {
            break;
        }
    }
    // In any order: they are posted side by side.
    let expected = ["payment.completed", "reservation.held"];
    assert_eq!(told, expected.map(|kind| format!("\"{kind}\" {}", held["reservation_id"])).into());
}

async fn sign_up_broke(api: &Api) -> String {
    let body = json!({ "email": "broke@onsale.local", "password": local::demo::USER_PASSWORD, "name": "Broke" });
    let (status, user) = api.call(Method::POST, "/users", "", Some(body)).await.expect("an answer");
    assert_eq!(status, 201, "{user}");
    let token = api.log_in("broke@onsale.local").await;
    let (status, wallet) = api.call(Method::POST, "/wallet", &token, Some(json!({}))).await.expect("an answer");
    assert_eq!(status, 201, "{wallet}");
    token
}
