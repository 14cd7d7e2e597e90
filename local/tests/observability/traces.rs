//! Traces, as collectors get them over HTTP: from a request over the relay to the consumer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Uri, header};
use local::server::ports::{Port, Serving};
use onsale_platform::memory::lock;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::metrics::Scrape;
use crate::support::shop::order_of;
use crate::support::{World, releases_on_decline};

/// How long a condition is waited for.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// The trace that a caller is in, and its span.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A collector of both kinds.
pub struct Collector {
    got: Arc<Mutex<Vec<(String, Bytes)>>>,
    came: Arc<Notify>,
    pub url: String,
    _serving: Serving,
}

impl Collector {
    pub async fn listening() -> Self {
        let port = Port::bind("any", 0).await.expect("a port");
        let (url, got, came) = (port.url(), Arc::<Mutex<Vec<_>>>::default(), Arc::<Notify>::default());
        let (kept, told) = (Arc::clone(&got), Arc::clone(&came));
        let take = async move |uri: Uri, body: Bytes| {
            lock(&kept).push((uri.path().to_owned(), body));
            told.notify_one();
        };
        Self { got, came, url, _serving: port.serve(Router::new().fallback(take)) }
    }

    /// What came to a path.
    fn at(&self, path: &str) -> Vec<Bytes> {
        let got = lock(&self.got);
        got.iter().filter(|(to, _)| to == path).map(|(_, body)| body.clone()).collect()
    }

    /// Every span that came over OTLP, read by OpenTelemetry's own types, with its service.
    fn spans(&self) -> Vec<(String, Span)> {
        let mut spans = Vec::new();
        for body in self.at("/v1/traces") {
            let told: ExportTraceServiceRequest = serde_json::from_slice(&body).expect("OTLP");
            for of in told.resource_spans {
                let resource = serde_json::to_value(of.resource.expect("a resource")).expect("JSON");
                let service = resource["attributes"][0]["value"]["stringValue"].as_str().expect("a service").to_owned();
                let its = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
                spans.extend(its.map(|span| (service.clone(), span)));
            }
        }
        spans
    }

    /// The same as soon as `enough` says so.
    pub async fn once(&self, enough: impl Fn(&[(String, Span)]) -> bool) -> Vec<(String, Span)> {
        let there = async {
            loop {
                let came = self.came.notified();
                let spans = self.spans();
                if enough(&spans) {
                    return spans;
                }
                came.await;
            }
        };
        tokio::time::timeout(WAIT_MAX, there).await.unwrap_or_else(|_| panic!("only {:#?}", self.spans()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of<'a>(spans: &'a [(String, Span)], service: &str, name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|(of, span)| of == service && span.name == name).collect();
    assert_eq!(found.len(), 1, "{service} {name}: {found:?}");
    &found[0].1
}

/// A world whose spans go to `collector`, and in which a declined payment gives the seats back.
async fn world_with_collectors(collector: &Collector) -> World {
    World::with_options(|options| {
        releases_on_decline(options);
        options.metrics = true;
        options.collectors.otlp = Some(collector.url.clone());
        options.collectors.zipkin = Some(format!("{}/api/v2/spans", collector.url));
    })
    .await
}

/// A request within the caller's trace, with these flags.
fn within_trace(route: &str, flags: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method("POST").uri(route).header(header::CONTENT_TYPE, "application/json");
    let request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-{flags}"));
    request.body(Body::from(body.to_string())).expect("a request")
}

/// A poor user's try to pay, within the caller's trace: what it sets off is the release of the hold.
async fn decline(world: &World) {
    let hall = world.schedule_with_seats().await;
    let poor = world.user_with(0).await;
    let held = poor.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    poor.send(within_trace("/payments", "01", &json!({ "reservation_id": held }))).await.expect(402);
    world.stack.drain_events().await.expect("settled");
}

#[tokio::test]
async fn a_trace_goes_from_the_request_over_the_relay_to_the_consumer() {
    let collector = Collector::listening().await;
    let world = world_with_collectors(&collector).await;
    decline(&world).await;
    let spans = collector.once(|spans| spans.iter().any(|(service, _)| service == "release_declined_payment")).await;
    let request = of(&spans, "pay", "POST /payments");
    let relay = of(&spans, "relay_changes", "payment.declined");
    let consumer = of(&spans, "release_declined_payment", "payment.declined");
    for span in [request, relay, consumer] {
        assert_eq!(hex(&span.trace_id), TRACE, "{}", span.name);
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano, "{}", span.name);
    }
    assert_eq!(hex(&request.parent_span_id), CALLER);
    assert_eq!(hex(&relay.parent_span_id), hex(&request.span_id));
    assert_eq!(hex(&consumer.parent_span_id), hex(&relay.span_id));
    let kinds = [request.kind(), relay.kind(), consumer.kind()];
    assert_eq!(kinds, [SpanKind::Server, SpanKind::Producer, SpanKind::Consumer]);
    // The hold was no part of the caller's trace: it began one, which the relay continues.
    let hold = of(&spans, "create_reservation", "POST /reservations");
    let held = of(&spans, "relay_changes", "reservation.held");
    assert!(hold.parent_span_id.is_empty() && hex(&hold.trace_id) != TRACE);
    assert_eq!((&held.trace_id, &held.parent_span_id), (&hold.trace_id, &hold.span_id));
}

#[tokio::test]
async fn consumers_of_a_batch_and_the_data_platform_are_part_of_the_trace() {
    let collector = Collector::listening().await;
    let (world, listening) =
        World::with_receiver_and(|options| options.collectors.otlp = Some(collector.url.clone())).await;
    let (mina, product) = (world.user_with(100_000).await, world.product(1_000, 10).await);
    let order = order_of(&[(&product, 1)], true);
    mina.send(within_trace("/orders", "01", &order)).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    let consumers = ["record_sales", "deliver_webhooks"];
    let came = |spans: &[(String, Span)]| consumers.iter().all(|name| spans.iter().any(|(service, _)| service == name));
    let spans = collector.once(came).await;
    let relay = of(&spans, "relay_changes", "payment.completed");
    for name in consumers {
        let consumer = of(&spans, name, "payment.completed");
        assert_eq!((hex(&consumer.trace_id).as_str(), &consumer.parent_span_id), (TRACE, &relay.span_id), "{name}");
    }
    let event = listening.events().into_iter().find(|event| event["type"] == "payment.completed").expect("the event");
    assert_eq!(event["traceparent"], format!("00-{TRACE}-{}-01", hex(&relay.span_id)));
}

#[tokio::test]
async fn every_request_has_its_span_and_zipkin_gets_the_same() {
    let collector = Collector::listening().await;
    let world = world_with_collectors(&collector).await;
    decline(&world).await;
    let counted = Scrape::of(&world).await.sum("onsale_http_requests_total", &[]);
    world.stack.shutdown().await;
    let spans = collector.spans();
    let requests = spans.iter().filter(|(_, span)| span.kind() == SpanKind::Server).count();
    assert_eq!(requests, counted as usize, "requests and their spans");
    let ids: BTreeSet<String> = spans.iter().map(|(_, span)| hex(&span.span_id)).collect();
    assert_eq!(ids.len(), spans.len(), "an id is there twice");
    let otlp: BTreeMap<String, (String, String, String)> = spans
        .iter()
        .map(|(service, span)| (hex(&span.span_id), (service.clone(), hex(&span.trace_id), hex(&span.parent_span_id))))
        .collect();
    let told = collector.at("/api/v2/spans");
    let told: Vec<Value> =
        told.iter().flat_map(|body| serde_json::from_slice::<Vec<Value>>(body).expect("JSON")).collect();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let zipkin: BTreeMap<_, _> = told
        .iter()
        .map(|span| {
            assert!(span["timestamp"].is_u64() && span["duration"].as_u64() > Some(0), "{span}");
            assert!(span["name"].is_string() && span["tags"].is_object(), "{span}");
            let facts = (text(&span["localEndpoint"]["serviceName"]), text(&span["traceId"]), text(&span["parentId"]));
            (text(&span["id"]), facts)
        })
        .collect();
    assert_eq!(zipkin, otlp);
}

#[tokio::test]
async fn without_a_collector_nothing_waits_and_what_is_lost_is_counted() {
    // One that takes connections and never answers.
    let port = Port::bind("any", 0).await.expect("a port");
    let url = port.url();
    let _serving = port.serve(Router::new().fallback(async || std::future::pending::<()>().await));
    let world = World::with_options(|options| {
        options.metrics = true;
        options.collectors.otlp = Some(url);
    })
    .await;
    decline(&world).await;
    let anybody = world.anonymous();
    // More than the buffer and a batch hold.
    for _ in 0..3_000 {
        anybody.get("/products").await.expect(200);
    }
    let full = Scrape::of(&world).await.sum("onsale_spans_dropped_total", &[("reason", "full")]);
    assert!(full > 0.0, "the buffer has no bound");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_context_is_handed_on_though_nobody_is_told() {
    let world = World::new().await;
    let hall = world.schedule_with_seats().await;
    let (mina, product) = (world.user().await, world.product(1_000, 10).await);
    let traced = || world.dump().iter().filter(|item| item.contains(TRACE)).count();
    let hold = json!({ "schedule_id": hall, "seat_ids": ["A-1-1"] });
    let held = mina.send(within_trace("/reservations", "01", &hold)).await.expect(201).reservation();
    let order = order_of(&[(&product, 1)], false);
    let order = mina.send(within_trace("/orders", "01", &order)).await.expect(201).order();
    assert_eq!(traced(), 2);
    // The next versions are no part of the trace, and do not seem to be.
    mina.delete(&format!("/reservations/{held}")).await.expect(200);
    mina.delete(&format!("/orders/{order}")).await.expect(200);
    assert_eq!(traced(), 0);
    assert!(!world.dump().iter().any(|item| item.contains("traceparent")));
}

#[tokio::test]
async fn a_trace_that_nobody_keeps_leaves_nothing() {
    let collector = Collector::listening().await;
    let world = world_with_collectors(&collector).await;
    let hall = world.schedule_with_seats().await;
    let mina = world.user().await;
    let body = json!({ "schedule_id": hall, "seat_ids": ["A-1-1"] });
    mina.send(within_trace("/reservations", "00", &body)).await.expect(201);
    assert!(!world.dump().iter().any(|item| item.contains(TRACE)), "an item carries a trace that nobody keeps");
    world.stack.shutdown().await;
    let spans = collector.spans();
    assert!(!spans.is_empty() && spans.iter().all(|(_, span)| hex(&span.trace_id) != TRACE));
}
