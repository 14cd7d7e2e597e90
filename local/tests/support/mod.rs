//! What the tests share: a stack of their own in memory, and callers who speak HTTP to its gateway.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use jiff::{SignedDuration, Timestamp};
use local::aws::engine::dynamodb::{DynamoDb, SecondEngine};
use local::aws::iam::AccessLog;
use local::server::ports::{Ports, Serving};
use local::stack::{Options, Stack};
use onsale_domain::audit::Outcome;
use onsale_domain::id::UserId;
use onsale_platform::auth::access_token;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::store::audit::{self, Limits, Report};
use serde_json::{Value, json};
use simulation::invariants::Snapshot;
use tower::ServiceExt;
use uuid::Uuid;

use crate::engines::pair::Pair;

pub mod cards;
pub mod logs;
pub mod mail;
pub mod program;
pub mod queue;
pub mod receiver;
pub mod recorder;
mod reply;
pub mod roles;
pub mod shop;

pub use reply::Reply;

/// When every test's clock starts: some Saturday, half a second past.
pub const START: &str = "2026-11-21T10:00:00.500Z";

/// A stack of its own, in memory, whose clock stands still and whose triggers run when told to.
pub struct World {
    pub stack: Stack,
    pub clock: Clock,
    gateway: Router,
    people: AtomicUsize,
    /// Where idempotency keys come from: the same ones in worlds in which the same is asked for.
    keys: Ids,
    warden: LeakCheck,
}

/// Insists at the end of every test that no function was refused a call by its policy: some failures are only logged.
/// And, if there is a second engine, that both had the same answers and have the same table.
struct LeakCheck {
    ledger: AccessLog,
    engines: Option<(DynamoDb, Arc<Pair>)>,
}

impl Drop for LeakCheck {
    fn drop(&mut self) {
        let denied = self.ledger.denied();
        let unexplained = self.engines.as_ref().map(|(here, pair)| pair.finish(here)).unwrap_or_default();
        if !std::thread::panicking() {
            assert!(denied.is_empty(), "template.yaml does not allow {denied:#?}");
            let some = unexplained.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
            assert!(unexplained.is_empty(), "{} differences of the engines: {some}", unexplained.len());
        }
    }
}

impl World {
    /// A new, empty world.
    pub async fn new() -> Self {
        Self::with_options(|_| {}).await
    }

    /// A new, empty world in which a declined payment gives its seats or units back at once.
    pub async fn releasing() -> Self {
        Self::with_options(releases_on_decline).await
    }

    /// A new world with other settings.
    pub async fn with_options(change: impl FnOnce(&mut Options)) -> Self {
        logs::watch();
        let clock = Clock::manual(START.parse().expect("a time"));
        let mut options = Options { clock: clock.clone(), ids: Ids::Random, ..Options::default() };
        change(&mut options);
        let clock = options.clock.clone();
        let pair = Pair::from_environment(&Ids::Random.uuid(Clock::System.now()).simple().to_string());
        options.twin = pair.clone().map(|pair| pair as Arc<dyn SecondEngine>);
        let stack = Stack::start(options).await.expect("the stack starts");
        let gateway = stack.gateway();
        let engines = pair.map(|pair| {
            pair.beside(stack.dynamodb());
            (stack.dynamodb().clone(), pair)
        });
        let warden = LeakCheck { ledger: stack.access_log().clone(), engines };
        Self { stack, clock, gateway, people: AtomicUsize::new(0), keys: Ids::seeded("keys"), warden }
    }

    /// All requests so far, if there is a second engine; the product makes none from now on.
    pub fn requests(&self) -> Vec<(String, Value)> {
        self.warden.engines.as_ref().map(|(_, pair)| pair.requests()).unwrap_or_default()
    }

    /// Serves it on ports of this machine, until what is given is dropped; and the address of the API.
    pub async fn serve(&self) -> (Serving, String) {
        let ports = Ports::bind(Ipv4Addr::LOCALHOST.into(), [0; 8]).await.expect("free ports");
        let address = ports.api.url();
        (ports.serve(&self.stack, &[], false), address)
    }

    /// Adds everything up again, twice: by the books' own sums, and by the product's audit.
    pub async fn check_invariants(&self) -> Snapshot {
        let (client, _) = self.stack.clients(None);
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let scan = client.scan().table_name(&self.stack.template().table.name).set_exclusive_start_key(start);
            let answer = scan.send().await.expect("a scan");
            items.extend(answer.items.unwrap_or_default().into_iter().map(Arc::new));
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let books = Snapshot::new(items, self.clock.now().as_second());
        books.check();
        let report = self.audit(|_| {}).await;
        assert_eq!(report.verdict.outcome, Outcome::Agree, "{}", local::commands::audit::report_text(&report));
        assert_eq!(report.verdict.passes, 1, "{}", local::commands::audit::report_text(&report));
        books
    }

    /// What the product's audit says.
    pub async fn audit(&self, change: impl FnOnce(&mut Limits)) -> Report {
        let mut limits = Limits { segments: 2, ..Limits::default() };
        change(&mut limits);
        audit::run(self.stack.app(), &limits).await
    }

    /// Lets time pass.
    pub fn wait(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// The time now, moved by `seconds`.
    pub fn at(&self, seconds: i64) -> Timestamp {
        self.clock.now() + SignedDuration::from_secs(seconds)
    }

    /// Somebody without a token.
    pub fn anonymous(&self) -> Person {
        let id = UserId(Uuid::nil());
        Person { id, token: None, queue_token: None, gateway: self.gateway.clone(), keys: self.keys.clone() }
    }

    /// A user with a token, as if signed up and logged in; hashing passwords is another test's business.
    pub async fn user(&self) -> Person {
        self.person().await
    }

    async fn person(&self) -> Person {
        let number = self.people.fetch_add(1, Ordering::SeqCst) as u128 + 1;
        self.with_new_token(UserId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + number))).await
    }

    /// The same user with a new token: they end after a quarter of an hour.
    pub async fn with_fresh_token(&self, user: &Person) -> Person {
        self.with_new_token(user.id).await
    }

    async fn with_new_token(&self, id: UserId) -> Person {
        let token =
            access_token::sign(self.stack.app(), id, Uuid::from_u128(id.0.as_u128() + 1)).await.expect("a token");
        Person { id, token: Some(token), queue_token: None, gateway: self.gateway.clone(), keys: self.keys.clone() }
    }

    /// A user with `balance` in a wallet.
    pub async fn user_with(&self, balance: i64) -> Person {
        let user = self.user().await;
        user.post("/wallet", json!({})).await.expect(201);
        if balance > 0 {
            user.post("/wallet/charges", json!({ "amount": balance })).await.expect(201);
        }
        user
    }

    /// `count` users with `balance` each.
    pub async fn users_with(&self, count: usize, balance: i64) -> Vec<Person> {
        let mut users = Vec::with_capacity(count);
        for _ in 0..count {
            users.push(self.user_with(balance).await);
        }
        users
    }

    /// A concert with one date on sale, without seats; its schedule id.
    pub async fn schedule(&self) -> String {
        self.schedule_with(json!({})).await
    }

    /// The same with other fields in the schedule's request.
    pub async fn schedule_with(&self, change: Value) -> String {
        self.schedule_of(json!({ "name": "Concert", "description": "" }), change).await
    }

    /// The same of another concert.
    pub async fn schedule_of(&self, concert: Value, change: Value) -> String {
        let admin = self.admin().await;
        let concert = admin.post("/concerts", concert).await.expect(201);
        let mut body = json!({
            "place": "Olympic Hall",
            "starts_at": self.at(30 * 86_400).to_string(),
            "sale_opens_at": self.at(-3_600).to_string(),
            "sale_closes_at": self.at(29 * 86_400).to_string(),
        });
        for (name, value) in change.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let route = format!("/concerts/{}/schedules", concert.text("concert_id"));
        admin.post(&route, body).await.expect(201).text("schedule_id")
    }

    /// Everything in the table, in order, without counts of log-in attempts: they are written to refuse.
    pub fn dump(&self) -> Vec<String> {
        let mut items = Vec::new();
        let mut request = json!({ "TableName": self.stack.template().table.name });
        loop {
            let page = self.stack.dynamodb().call("Scan", &request).expect("the table is read");
            let found = page["Items"].as_array().expect("items").iter();
            let attempts = |item: &&Value| !item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("ATTEMPTS#"));
            items.extend(found.filter(attempts).map(Value::to_string));
            match page.get("LastEvaluatedKey") {
                Some(last) if !last.is_null() => request["ExclusiveStartKey"] = last.clone(),
                _ => break,
            }
        }
        items.sort();
        items
    }

    /// The items of [`World::dump`], by their keys.
    pub fn items(&self) -> BTreeMap<String, Value> {
        let items = self.dump().into_iter().map(|item| serde_json::from_str::<Value>(&item).expect("JSON"));
        items.map(|item| (json!({ "pk": item["pk"], "sk": item["sk"] }).to_string(), item)).collect()
    }

    /// Makes the table what it was.
    pub fn restore(&self, before: &BTreeMap<String, Value>) {
        let table = &self.stack.template().table.name;
        let ask = |operation: &str, request: Value| self.stack.dynamodb().call(operation, &request).expect("written");
        let now = self.items();
        for key in now.keys().filter(|key| !before.contains_key(*key)) {
            let key: Value = serde_json::from_str(key).expect("JSON");
            ask("DeleteItem", json!({ "TableName": table, "Key": key }));
        }
        // What has been given back comes first, and last who gives it back: nobody who is still at work may find a
        // reservation that holds seats which are not held yet.
        let changed = || before.iter().filter(|(key, item)| now.get(*key) != Some(item)).map(|(_, item)| item);
        let gives_back = |item: &&Value| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("USER#"));
        for item in changed().filter(|item| !gives_back(item)).chain(changed().filter(gives_back)) {
            ask("PutItem", json!({ "TableName": table, "Item": item }));
        }
    }

    /// A date on sale with seats A-1-1 to A-1-50 at 50,000 each.
    pub async fn schedule_with_seats(&self) -> String {
        let schedule = self.schedule().await;
        self.admin().await.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
        schedule
    }
}

/// Lets a declined payment give its seats or units back at once.
pub fn releases_on_decline(options: &mut Options) {
    options.variables.insert("RELEASE_ON_DECLINE".into(), "true".into());
}

/// Whether a request of this route is refused without an `Idempotency-Key`.
fn requires_key(method: &Method, path: &str) -> bool {
    let moves = path.starts_with("/wallet/") || ["/card-payments", "/orders"].contains(&path);
    *method == Method::POST && (moves || ["/stock", "/credits", "/code"].iter().any(|end| path.ends_with(end)))
}

/// Somebody who calls the API.
#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    pub token: Option<String>,
    /// Sent with every request, if there is one. A JWT, so the logs are searched for it anyway.
    pub queue_token: Option<String>,
    gateway: Router,
    keys: Ids,
}

impl Person {
    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body), None).await
    }

    /// With an idempotency key.
    pub async fn post_with_key(&self, path: &str, body: Value, key: Uuid) -> Reply {
        self.call(Method::POST, path, Some(body), Some(key)).await
    }

    pub async fn put(&self, path: &str) -> Reply {
        self.call(Method::PUT, path, None, None).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None, None).await
    }

    /// With a header of one's own.
    pub async fn get_with(&self, path: &str, header: &'static str, value: &str) -> Reply {
        let request = Request::builder().uri(path).header(header, value).body(Body::empty());
        self.send(request.expect("a request")).await
    }

    /// All items of a list, read to its end in pages of `limit`; `path` may have a query.
    pub async fn pages(&self, path: &str, limit: usize) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut items: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        for _ in 0..1_000 {
            let page = self.get(&format!("{path}{joint}limit={limit}{cursor}")).await.expect(200);
            let found = page.body["items"].as_array().expect("items");
            assert!(found.len() <= limit, "a page of {} when {limit} were asked for", found.len());
            items.extend(found.iter().cloned());
            match &page.body["next"] {
                Value::Null => return items,
                next => cursor = format!("&cursor={}", next.as_str().expect("a cursor")),
            }
        }
        panic!("{path} has no end");
    }

    /// Holds seats.
    pub async fn hold(&self, schedule: &str, seats: &[&str]) -> Reply {
        self.post("/reservations", json!({ "schedule_id": schedule, "seat_ids": seats })).await
    }

    /// Pays a reservation.
    pub async fn pay(&self, reservation: &str) -> Reply {
        self.post("/payments", json!({ "reservation_id": reservation })).await
    }

    /// The balance of the wallet.
    pub async fn balance(&self) -> i64 {
        self.get("/wallet").await.expect(200).body["balance"].as_i64().expect("a balance")
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>, key: Option<Uuid>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            logs::keep_secret(&key.to_string());
            request = request.header("idempotency-key", key.to_string());
        }
        let body = match body {
            Some(body) => {
                for field in ["password", "email", "refresh_token"] {
                    logs::keep_secret(body[field].as_str().unwrap_or_default());
                }
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).expect("a request")).await
    }

    /// Sends any request, with this person's token unless it names one itself, and with a key of its own where one is
    /// required and not given.
    pub async fn send(&self, mut request: Request<Body>) -> Reply {
        if requires_key(request.method(), request.uri().path()) && !request.headers().contains_key("idempotency-key") {
            let key = self.keys.uuid(Timestamp::UNIX_EPOCH).to_string();
            logs::keep_secret(&key);
            request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
        }
        self.send_as_it_is(request).await
    }

    /// Sends any request, with this person's token unless it names one itself.
    pub async fn send_as_it_is(&self, mut request: Request<Body>) -> Reply {
        if let Some(token) = &self.token
            && !request.headers().contains_key(header::AUTHORIZATION)
        {
            request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().expect("a header"));
        }
        if let Some(token) = &self.queue_token {
            request.headers_mut().insert("queue-token", token.parse().expect("a header"));
        }
        let shown = format!("{} {}", request.method(), request.uri());
        let response = self.gateway.clone().oneshot(request).await.expect("the gateway answers");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 16 * 1024 * 1024).await.expect("a body");
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { request: shown, status: parts.status, headers: parts.headers, bytes: bytes.to_vec(), body }
    }
}

/// A part of a full scale: all of it with `ONSALE_SCALE=full`, else a twentieth.
pub fn scaled(full: usize) -> usize {
    let is_full = std::env::var("ONSALE_SCALE").is_ok_and(|scale| scale == "full");
    if is_full { full } else { full / 20 }
}

/// Runs one future for each input, all at once, and gives their results in order.
pub async fn concurrently<I, T, F>(inputs: impl IntoIterator<Item = I>, work: impl Fn(I) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let works: Vec<F> = inputs.into_iter().map(work).collect();
    let barrier = Arc::new(tokio::sync::Barrier::new(works.len()));
    let tasks: Vec<_> = works
        .into_iter()
        .map(|work| {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                work.await
            })
        })
        .collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.expect("no panic"));
    }
    results
}
