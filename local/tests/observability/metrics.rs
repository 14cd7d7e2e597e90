//! Metrics: the table in the documents is the one in the code, and traffic moves every one of them.
//!
//! `ONSALE_WRITE_METRICS=1 cargo test --test suite observability::metrics` writes the table of docs/metrics.md anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use local::intercept::{Before, Call, FailedItems, Intercept};
use local::server::ports::Port;
use onsale_platform::telemetry::metrics::{ALL, FUNCTION, MetricKind};
use serde_json::json;
use tower::ServiceExt;

use crate::audits::NoScan;
use crate::repository;
use crate::service::audit_ledger::{Table, entry};
use crate::support::World;
use crate::support::mail::sends_mail;
use crate::support::queue::QUEUE;
use crate::support::shop::order_of;

const PAGE: &str = "docs/metrics.md";

/// The head of the page's table of metrics.
const HEAD: &str = "| metric | kind | unit | labels | kept by CloudWatch | says |\n|---|---|---|---|---|---|\n";

/// Rewrites the table of the page instead of comparing it.
const WRITE: &str = "ONSALE_WRITE_METRICS";

/// How long a condition is waited for.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// What Prometheus reads.
pub struct Scrape(String);

impl Scrape {
    pub async fn of(world: &World) -> Self {
        let request = Request::builder().uri("/metrics").body(Body::empty()).expect("a request");
        let answer = world.stack.metrics().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
        let body = axum::body::to_bytes(answer.into_body(), 16 * 1024 * 1024).await.expect("a body");
        Self(String::from_utf8(body.to_vec()).expect("text"))
    }

    /// As soon as it has this metric.
    async fn once(world: &World, metric: &str) -> Self {
        let there = async {
            loop {
                let scrape = Self::of(world).await;
                if scrape.series().iter().any(|(name, _, _)| *name == metric) {
                    return scrape;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(WAIT_MAX, there).await.unwrap_or_else(|_| panic!("{metric} does not come"))
    }

    /// Every series: its name, labels and value.
    fn series(&self) -> Vec<(&str, BTreeMap<&str, &str>, f64)> {
        let lines = self.0.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let series = lines.map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
            let labels = labels.map(|(label, value)| (label, value.trim_matches('"'))).collect();
            (name, labels, value.parse().expect("a number"))
        });
        series.collect()
    }

    /// The sum of the series that have these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |of: &BTreeMap<&str, &str>| labels.iter().all(|(label, value)| of.get(label) == Some(value));
        self.series().iter().filter(|(of, its, _)| *of == name && has(its)).map(|(_, _, value)| value).sum()
    }
}

/// Puts one conflict in the way of the next transaction.
struct Once(AtomicBool);

impl Intercept for Once {
    fn before(&self, call: &Call<'_>) -> Before {
        if call.operation == "TransactWriteItems" && self.0.swap(false, Ordering::SeqCst) {
            Before::Conflict(FailedItems::ALL)
        } else {
            Before::Proceed
        }
    }
}

/// Something of everything that is counted.
async fn traffic(world: &World) {
    let hall = world.schedule_with_seats().await;
    let (mina, poor) = (world.user_with(200_000).await, world.user_with(0).await);
    let paid = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&paid).await.expect(201);
    poor.hold(&hall, &["A-1-1"]).await.expect_problem(409, "seat-taken");
    let declined = poor.hold(&hall, &["A-1-2"]).await.expect(201).reservation();
    poor.pay(&declined).await.expect_problem(402, "insufficient-balance");
    let released = mina.hold(&hall, &["A-1-3"]).await.expect(201).reservation();
    mina.delete(&format!("/reservations/{released}")).await.expect(200);
    let stick = world.product(1_000, 10).await;
    mina.post("/orders", order_of(&[(&stick, 2)], true)).await.expect(201);

    world.stack.intercept(Some(Arc::new(Once(AtomicBool::new(true)))));
    mina.hold(&hall, &["A-1-4"]).await.expect(201);
    world.stack.intercept(None);

    world.queue(json!({})).await;
    for user in [&mina, &poor] {
        user.post(&format!("/queues/{QUEUE}/tokens"), json!({})).await.expect(201);
    }
    world.put_account(&mina, "Mina", "bounce@simulator.amazonses.com", None);
    world.stack.drain_events().await.expect("settled");
    let poison = json!({ "dynamodb": { "SequenceNumber": "1", "NewImage": { "change": { "S": "no such change" } } } });
    world.stack.invoke("relay_changes", json!({ "Records": [poison] })).await.expect("an answer");
    world.wait(330);
    for schedule in ["run_expiry", "advance_queues", "audit_ledger"] {
        world.stack.run_schedule(schedule).await.expect("an answer");
    }
}

async fn counting() -> World {
    let nobody = Port::bind("any", 0).await.expect("a port").url();
    let (world, _listening) = World::with_receiver_and(|options| {
        options.metrics = true;
        sends_mail(options);
        options.collectors.zipkin = Some(nobody);
    })
    .await;
    traffic(&world).await;
    world
}

#[tokio::test]
async fn traffic_moves_every_metric_of_the_table() {
    let world = counting().await;
    let scrape = Scrape::once(&world, "onsale_spans_dropped_total").await;
    let mut dead = Vec::new();
    let mut known = BTreeSet::new();
    for metric in ALL {
        let suffixes: &[&str] =
            if metric.kind == MetricKind::Histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
        for suffix in suffixes {
            let name = format!("{}{suffix}", metric.name);
            let series: Vec<_> = scrape.series().into_iter().filter(|(of, _, _)| *of == name).collect();
            if series.is_empty() {
                dead.push(name.clone());
            }
            for (_, labels, _) in series {
                let labels: BTreeSet<&str> = labels.into_keys().filter(|label| *label != "le").collect();
                assert_eq!(labels, metric.labels.iter().copied().collect(), "the labels of {name}");
            }
            known.insert(name);
        }
        let kind = format!("{:?}", metric.kind).to_lowercase();
        assert!(scrape.0.contains(&format!("# TYPE {} {kind}\n", metric.name)), "the kind of {}", metric.name);
        assert!(scrape.0.contains(&format!("# HELP {} {}\n", metric.name, metric.help)), "{}", metric.name);
    }
    assert!(dead.is_empty(), "nothing moved {dead:#?}");
    let others: BTreeSet<&str> = scrape.series().into_iter().map(|(name, _, _)| name).collect();
    let others: Vec<_> = others.into_iter().filter(|name| !known.contains(*name)).collect();
    assert!(others.is_empty(), "not in the table: {others:?}");
}

#[tokio::test]
async fn what_happened_is_what_was_counted() {
    let world = counting().await;
    let scrape = Scrape::of(&world).await;
    let change = |of, change| scrape.sum("onsale_changes_total", &[("of", of), ("change", change)]);
    for (of, name, count) in [
        ("reservation", "reservation.held", 4.0),
        ("reservation", "reservation.cancelled", 1.0),
        ("reservation", "reservation.expired", 1.0),
        ("reservation", "payment.completed", 1.0),
        ("reservation", "payment.declined", 1.0),
        ("order", "payment.completed", 1.0),
    ] {
        assert_eq!(change(of, name), count, "{of} {name}");
    }
    let refused = |function, code| scrape.sum("onsale_refusals_total", &[(FUNCTION, function), ("code", code)]);
    assert_eq!((refused("create_reservation", "seat-taken"), refused("pay", "insufficient-balance")), (1.0, 1.0));
    let answered = |status| scrape.sum("onsale_http_requests_total", &[(FUNCTION, "pay"), ("status", status)]);
    assert_eq!((answered("201"), answered("402")), (1.0, 1.0));
    assert_eq!(scrape.sum("onsale_http_request_duration_seconds_count", &[(FUNCTION, "pay")]), 2.0);
    let conflicts = [(FUNCTION, "create_reservation"), ("outcome", "conflict")];
    assert_eq!(scrape.sum("onsale_table_calls_total", &conflicts), 1.0);
    assert_eq!(scrape.sum("onsale_table_retries_total", &[(FUNCTION, "create_reservation")]), 1.0);
    // A hold of one seat is eight units, four holds were committed: docs/data.md. What was refused costs as well.
    let writes = [(FUNCTION, "create_reservation"), ("operation", "TransactWriteItems")];
    assert!(scrape.sum("onsale_table_capacity_half_units_total", &writes) >= 4.0 * 2.0 * 2.0);
    assert_eq!(scrape.sum("onsale_queue_waiting", &[("queue", QUEUE)]), 2.0);
    assert_eq!(scrape.sum("onsale_sweep_lag_seconds", &[(FUNCTION, "run_expiry")]), 30.0);
    assert_eq!(scrape.sum("onsale_audit_differences", &[]), 0.0);
    assert_eq!(scrape.sum("onsale_audits_total", &[("outcome", "agree")]), 1.0);
    assert_eq!(scrape.sum("onsale_events_parked_total", &[]), 1.0);
    assert_eq!(scrape.sum("onsale_queue_messages", &[("queue", "ParkedQueue")]), 1.0);
    let now = i32::try_from(world.clock.now().as_second()).map(f64::from).expect("a time");
    assert_eq!(scrape.sum("onsale_last_success_timestamp_seconds", &[(FUNCTION, "run_expiry")]), now);
}

#[tokio::test]
async fn an_audit_without_a_verdict_takes_back_no_difference() {
    let (world, _listening) = World::with_receiver_and(|options| options.metrics = true).await;
    let pk = format!("USER#{}", world.user_with(100).await.id);
    for (balance, intercept, verdict, differences) in [
        ("100", None, "agree", 0.0),
        ("101", None, "differ", 1.0),
        ("101", Some(Arc::new(NoScan) as Arc<dyn Intercept>), "no verdict", 1.0),
        ("100", None, "agree", 0.0),
    ] {
        Table(&world).change(&pk, &entry(1), |item| item["balance_after"] = json!({ "N": balance }));
        world.stack.intercept(intercept);
        let answer = world.stack.run_schedule("audit_ledger").await.expect("an answer");
        world.stack.intercept(None);
        assert_eq!(answer["outcome"], verdict);
        assert_eq!(Scrape::of(&world).await.sum("onsale_audit_differences", &[]), differences, "{verdict}");
    }
}

#[test]
fn the_documents_have_the_table_of_the_code() {
    let row = |metric: &&onsale_platform::telemetry::metrics::Metric| {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let kind = format!("{:?}", metric.kind).to_lowercase();
        let unit = metric.unit.as_str();
        let kept = if metric.kept { "yes" } else { "" };
        format!("| `{}` | {kind} | {unit} | {} | {kept} | {} |\n", metric.name, labels.join(" "), metric.help)
    };
    let rows: String = ALL.iter().map(row).collect();
    let document = repository::read(PAGE);
    let (before, rest) = document.split_once(HEAD).expect("the head of the table");
    let (_, after) = rest.split_once("\n\n").expect("what follows the table");
    let page = format!("{before}{HEAD}{rows}\n{after}");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(repository::root().join(PAGE), &page).expect("the page is written");
    }
    let there = repository::read(PAGE);
    assert!(there == page, "{PAGE} is out of date: {WRITE}=1 cargo test --test suite observability::metrics");
}

#[test]
fn names_follow_the_conventions_of_prometheus() {
    let mut seen = BTreeSet::new();
    for metric in ALL {
        let name = metric.name;
        assert!(seen.insert(name), "{name} is there twice");
        assert!(name.starts_with("onsale_") && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        assert_eq!(name.ends_with("_total"), metric.kind == MetricKind::Counter, "{name}");
        assert_eq!(name.ends_with("_seconds"), metric.unit.as_str() == "seconds", "{name}");
        assert!(!metric.help.is_empty() && metric.help.ends_with('.'), "{name} says {:?}", metric.help);
        for label in metric.labels {
            assert!(!label.contains("user") && !label.contains("email"), "{name} has the label {label}");
        }
    }
}

/// Of two kinds that one function sweeps the later one is told: orders and reservations in `run_expiry`.
#[tokio::test]
async fn the_lag_of_a_sweep_is_that_of_whatever_is_latest() {
    let (world, _listening) = World::with_receiver_and(|options| options.metrics = true).await;
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 5).await);
    let mina = world.user_with(0).await;
    mina.order(&[(&product, 1)]).await.expect(201);
    world.wait(40);
    mina.hold(&schedule, &["A-1-1"]).await.expect(201);
    // The order is over for 60 seconds, the hold for 20.
    world.wait(320);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    let scrape = Scrape::of(&world).await;
    assert_eq!(scrape.sum("onsale_sweep_lag_seconds", &[(FUNCTION, "run_expiry")]), 60.0);
}
