//! The metrics of the whole stack, as Prometheus reads them.

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use onsale_platform::telemetry::metrics::{self, Meter, QUEUE_MESSAGES, SECONDS_BUCKETS};

use crate::aws::engine::sqs::Sqs;

/// The media type of Prometheus's text format.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where all functions of a stack count, and the stack itself.
#[derive(Clone)]
pub struct Metrics {
    recorder: Arc<metrics_exporter_prometheus::PrometheusRecorder>,
    handle: PrometheusHandle,
}

impl Default for Metrics {
    fn default() -> Self {
        let builder = PrometheusBuilder::new().set_buckets(&SECONDS_BUCKETS).expect("there are buckets");
        let recorder = builder.build_recorder();
        metrics::describe(&recorder);
        Self { handle: recorder.handle(), recorder: Arc::new(recorder) }
    }
}

impl Metrics {
    /// The meter of a function.
    #[must_use]
    pub fn meter(&self, function: &str) -> Meter {
        Meter::new(function.to_owned(), self.recorder.clone())
    }

    /// All there is now, in Prometheus's text format.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "messages are fewer than 2^53")]
    pub fn render(&self, sqs: &Sqs) -> String {
        let meter = self.meter("");
        for (queue, messages) in sqs.queues().depths() {
            meter.set(&QUEUE_MESSAGES, messages as f64, &[&queue]);
        }
        // Values that histograms got since are counted only then.
        self.handle.run_upkeep();
        self.handle.render()
    }

    /// `GET /metrics`.
    pub fn router(&self, sqs: &Sqs) -> Router {
        let (metrics, sqs) = (self.clone(), sqs.clone());
        let render = async move || ([(header::CONTENT_TYPE, CONTENT_TYPE)], metrics.render(&sqs)).into_response();
        Router::new().route("/metrics", routing::get(render))
    }
}
