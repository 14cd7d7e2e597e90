//! Tells spans to collectors: OTLP over HTTP as JSON, and Zipkin's version 2.
//!
//! Small and our own, because the crates that do this want one service for each exporter, or name none (Zipkin's), and
//! here each function is a service. **Nobody waits for a collector**: spans lie in a buffer of so many, what does not
//! fit and what a collector does not take is dropped and counted.

use std::collections::BTreeMap;
use std::time::Duration;

use onsale_platform::telemetry::metrics::{Meter, SPANS_DROPPED};
use onsale_platform::telemetry::trace::{Span, SpanKind, Tracer};
use reqwest::Client;
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Most spans that wait to be sent.
const BUFFER_MAX: usize = 2_048;
/// Most spans of one request to a collector.
const BATCH_MAX: usize = 512;
/// How long a collector may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// How long the last spans may take to be sent once the stack stops.
const STOP_MAX: Duration = Duration::from_secs(3);

/// The collectors that spans are sent to.
#[derive(Clone, Debug, Default)]
pub struct Collectors {
    /// Address of an OTLP collector; `/v1/traces` is added.
    pub otlp: Option<String>,
    /// Address at which Zipkin takes spans, path included.
    pub zipkin: Option<String>,
}

/// The task that sends spans.
pub struct SpanExporter {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Collectors {
    /// Begins to send the tracer's spans; losses are counted in `meter`. None if there is no collector.
    #[must_use]
    pub fn start(self, meter: Meter) -> (Tracer, Option<SpanExporter>) {
        if self.otlp.is_none() && self.zipkin.is_none() {
            return (Tracer::off(), None);
        }
        let (buffer, spans) = mpsc::channel(BUFFER_MAX);
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(export(self, spans, stopped, meter));
        (Tracer::new(buffer), Some(SpanExporter { stop, task }))
    }
}

impl SpanExporter {
    /// Sends the spans that are left, if there is time.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(STOP_MAX, self.task).await.is_err() {
            tracing::warn!("the last spans were not exported");
        }
    }
}

async fn export(
    collectors: Collectors,
    mut spans: mpsc::Receiver<Span>,
    mut stopped: watch::Receiver<bool>,
    meter: Meter,
) {
    let client = Client::builder().timeout(ANSWER_MAX).build();
    let client = client.unwrap_or_default();
    let otlp = collectors.otlp.map(|url| format!("{}/v1/traces", url.trim_end_matches('/')));
    let otlp = otlp.map(|url| Post { name: "otlp", url, body: as_otlp, failing: false });
    let zipkin = collectors.zipkin.map(|url| Post { name: "zipkin", url, body: as_zipkin, failing: false });
    let mut posts: Vec<Post> = otlp.into_iter().chain(zipkin).collect();
    let mut batch = Vec::with_capacity(BATCH_MAX);
    loop {
        let count = tokio::select! {
            _ = stopped.changed(), if !spans.is_closed() => {
                // Spans in the buffer still come.
                spans.close();
                continue;
            }
            count = spans.recv_many(&mut batch, BATCH_MAX) => count,
        };
        if count == 0 {
            return;
        }
        let sent = posts.iter_mut().map(|post| post.send(&client, &batch, &meter));
        futures_util::future::join_all(sent).await;
        batch.clear();
    }
}

/// A collector, and whether it failed to take the last batch.
struct Post {
    name: &'static str,
    url: String,
    body: fn(&[Span]) -> Value,
    failing: bool,
}

impl Post {
    async fn send(&mut self, client: &Client, spans: &[Span], meter: &Meter) {
        let body = (self.body)(spans).to_string();
        let request = client.post(&self.url).header("content-type", "application/json").body(body);
        let problem = match request.send().await {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(answer.status().to_string()),
            Err(problem) => Some(problem.to_string()),
        };
        if let Some(problem) = &problem {
            meter.count(&SPANS_DROPPED, spans.len() as u64, &[self.name]);
            if !self.failing {
                tracing::warn!(collector = self.name, problem, "spans are dropped until the collector accepts them");
            }
        }
        self.failing = problem.is_some();
    }
}

/// OTLP's `ExportTraceServiceRequest`: the spans of each function under a resource of its own.
#[must_use]
pub fn as_otlp(spans: &[Span]) -> Value {
    let attribute = |(key, value): (&str, &str)| json!({ "key": key, "value": { "stringValue": value } });
    let mut services: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for span in spans {
        let kind = match span.kind {
            SpanKind::Internal => 1,
            SpanKind::Server => 2,
            SpanKind::Producer => 4,
            SpanKind::Consumer => 5,
        };
        let began = span.began.as_nanosecond();
        let attributes = span.attributes.iter().map(|(key, value)| attribute((key, value)));
        let mut otlp_span = json!({
            "traceId": span.context.trace_id(),
            "spanId": format!("{:016x}", span.context.span),
            "flags": 1,
            "name": span.name,
            "kind": kind,
            "startTimeUnixNano": began.to_string(),
            "endTimeUnixNano": (began + i128::try_from(span.lasted.as_nanos()).unwrap_or(0)).to_string(),
            "attributes": attributes.collect::<Vec<_>>(),
            "status": if span.failed { json!({ "code": 2 }) } else { json!({}) },
        });
        if let Some(parent) = span.parent {
            otlp_span["parentSpanId"] = format!("{parent:016x}").into();
        }
        services.entry(&span.function).or_default().push(otlp_span);
    }
    let resource = |(function, spans): (&str, Vec<Value>)| {
        let of = [("service.name", function), ("service.namespace", "onsale")].map(attribute);
        let scope = json!({ "name": "onsale", "version": env!("CARGO_PKG_VERSION") });
        json!({ "resource": { "attributes": of }, "scopeSpans": [{ "scope": scope, "spans": spans }] })
    };
    json!({ "resourceSpans": services.into_iter().map(resource).collect::<Vec<_>>() })
}

/// Zipkin's list of spans.
#[must_use]
pub fn as_zipkin(spans: &[Span]) -> Value {
    let zipkin_span = |span: &Span| {
        let mut tags: Map<String, Value> =
            span.attributes.iter().map(|(key, value)| ((*key).to_owned(), value.as_str().into())).collect();
        if span.failed {
            tags.insert("error".to_owned(), "failed".into());
        }
        let mut zipkin_span = json!({
            "traceId": span.context.trace_id(),
            "id": format!("{:016x}", span.context.span),
            "name": span.name,
            "timestamp": span.began.as_microsecond(),
            // Zipkin takes no 0.
            "duration": span.lasted.as_micros().max(1) as u64,
            "localEndpoint": { "serviceName": span.function },
            "tags": tags,
        });
        if let Some(parent) = span.parent {
            zipkin_span["parentId"] = format!("{parent:016x}").into();
        }
        match span.kind {
            SpanKind::Server => zipkin_span["kind"] = "SERVER".into(),
            SpanKind::Producer => zipkin_span["kind"] = "PRODUCER".into(),
            SpanKind::Consumer => zipkin_span["kind"] = "CONSUMER".into(),
            SpanKind::Internal => {}
        }
        zipkin_span
    };
    spans.iter().map(zipkin_span).collect()
}
