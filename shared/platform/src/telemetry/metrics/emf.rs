//! Metrics of a Lambda function: lines of the log, in CloudWatch's Embedded Metric Format. No call is made for them,
//! nobody waits. Which calls get a line: [`crate::telemetry::call_lines`].
//!
//! The crate `metrics_cloudwatch_embedded` writes a line for every set of labels. Here all is one line: its only
//! dimension is the function, the values of other labels follow the metric's name after a full stop.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use serde_json::{Map, Value, json};

use crate::memory::lock;
use crate::telemetry::metrics::{ALL, FUNCTION, Metric};

/// The namespace of the metrics in CloudWatch.
pub const NAMESPACE: &str = "Onsale";
/// Most values of one metric in a line, and most metrics of a line (limits of the format).
const VALUES_MAX: usize = 100;
/// The field of a line that says of how many calls it tells.
const CALLS_OF_LINE: &str = "calls";

/// Keeps what the calls of a function count, until a line tells it.
#[derive(Clone, Default)]
pub struct Emf(Arc<Mutex<BTreeMap<String, MetricValues>>>);

/// The values of one metric since the last flush.
#[derive(Clone, Debug, PartialEq)]
enum MetricValues {
    Sum(u64),
    Last(f64),
    Values(Vec<f64>),
}

impl Emf {
    /// Writes the line of so many calls of `function`, the last of which ended at `now`, if anything was counted, and
    /// begins anew.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&self, function: &str, calls: u32, now: Timestamp, mut out: impl Write) -> io::Result<()> {
        let values = std::mem::take(&mut *self.lock());
        if values.is_empty() {
            return Ok(());
        }
        let metrics: Vec<Value> = values.keys().filter_map(|name| cloudwatch_metric(name)).take(VALUES_MAX).collect();
        // A directive of nothing would be an error of the format's; the line is still one to be searched.
        let kept_there = json!({ "Namespace": NAMESPACE, "Dimensions": [[FUNCTION]], "Metrics": metrics });
        let directives = if metrics.is_empty() { json!([]) } else { json!([kept_there]) };
        let mut line = Map::new();
        line.insert("_aws".to_owned(), json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": directives }));
        line.insert(FUNCTION.to_owned(), function.into());
        line.insert(CALLS_OF_LINE.to_owned(), calls.into());
        line.extend(values.into_iter().map(|(name, values)| (name, values.into_json())));
        // One write: lines of the log must not be mixed.
        out.write_all(format!("{}\n", Value::Object(line)).as_bytes())
    }

    /// Whether something that was counted may not wait for the line of a later call: CloudWatch puts it into the minute
    /// of its line, or its values will soon be more than a line can have.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        let many = |values: &MetricValues| matches!(values, MetricValues::Values(list) if list.len() > VALUES_MAX / 2);
        self.lock().iter().any(|(name, values)| kept(name).is_some() || many(values))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, MetricValues>> {
        lock(&self.0)
    }

    fn series(&self, key: &Key) -> Arc<Series> {
        let values = key.labels().filter(|label| label.key() != FUNCTION).map(metrics::Label::value);
        let name = [key.name()].into_iter().chain(values).collect::<Vec<_>>().join(".");
        Arc::new(Series { emf: self.clone(), name })
    }
}

/// The metric of a name with its labels, if CloudWatch is to keep it.
fn kept(name: &str) -> Option<&'static Metric> {
    let base = name.split('.').next().unwrap_or(name);
    ALL.into_iter().find(|metric| metric.name == base && metric.kept)
}

/// The declaration of a metric for CloudWatch, if CloudWatch is to keep it.
fn cloudwatch_metric(name: &str) -> Option<Value> {
    let metric = kept(name)?;
    let unit = if metric.unit == Unit::Seconds { "Seconds" } else { "Count" };
    Some(json!({ "Name": name, "Unit": unit }))
}

impl MetricValues {
    fn into_json(self) -> Value {
        match self {
            Self::Sum(sum) => sum.into(),
            Self::Last(value) => value.into(),
            Self::Values(values) => values.into(),
        }
    }
}

/// One metric with its labels.
struct Series {
    emf: Emf,
    name: String,
}

impl CounterFn for Series {
    fn increment(&self, value: u64) {
        let mut values = self.emf.lock();
        match values.entry(self.name.clone()).or_insert(MetricValues::Sum(0)) {
            MetricValues::Sum(sum) => *sum = sum.saturating_add(value),
            other => *other = MetricValues::Sum(value),
        }
    }

    fn absolute(&self, value: u64) {
        self.emf.lock().insert(self.name.clone(), MetricValues::Sum(value));
    }
}

impl GaugeFn for Series {
    fn increment(&self, value: f64) {
        let mut values = self.emf.lock();
        match values.entry(self.name.clone()).or_insert(MetricValues::Last(0.0)) {
            MetricValues::Last(last) => *last += value,
            other => *other = MetricValues::Last(value),
        }
    }

    fn decrement(&self, value: f64) {
        GaugeFn::increment(self, -value);
    }

    fn set(&self, value: f64) {
        self.emf.lock().insert(self.name.clone(), MetricValues::Last(value));
    }
}

impl HistogramFn for Series {
    fn record(&self, value: f64) {
        let mut values = self.emf.lock();
        match values.entry(self.name.clone()).or_insert(MetricValues::Values(Vec::new())) {
            MetricValues::Values(values) if values.len() < VALUES_MAX => values.push(value),
            MetricValues::Values(_) => {}
            other => *other = MetricValues::Values(vec![value]),
        }
    }
}

impl Recorder for Emf {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.series(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.series(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.series(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::{HTTP_REQUESTS, HTTP_SECONDS, Meter, QUEUE_WAITING, REFUSALS};

    #[test]
    fn a_call_is_one_line_and_the_next_begins_anew() {
        let emf = Emf::default();
        let meter = Meter::new("hold_seat", Arc::new(emf.clone()));
        let now = Timestamp::from_millisecond(1_700_000_000_123).expect("a time");
        let line = || {
            let mut out = Vec::new();
            emf.flush("hold_seat", 1, now, &mut out).expect("written");
            String::from_utf8(out).expect("text")
        };
        assert_eq!(line(), "");
        meter.count(&HTTP_REQUESTS, 1, &["409"]);
        meter.count(&REFUSALS, 1, &["seat-taken"]);
        meter.count(&REFUSALS, 2, &["seat-taken"]);
        meter.set(&QUEUE_WAITING, 7.0, &["tour"]);
        (0..150).for_each(|_| meter.record(&HTTP_SECONDS, 0.5, &["409"]));
        let told = line();
        assert_eq!(told.matches('\n').count(), 1);
        let told: Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(told["_aws"]["Timestamp"], 1_700_000_000_123_i64);
        let declared = json!([{
            "Namespace": "Onsale",
            "Dimensions": [["function"]],
            "Metrics": [
                { "Name": "onsale_queue_waiting.tour", "Unit": "Count" },
                { "Name": "onsale_refusals_total.seat-taken", "Unit": "Count" },
            ],
        }]);
        assert_eq!(told["_aws"]["CloudWatchMetrics"], declared);
        assert_eq!(told["calls"], 1);
        assert_eq!((&told["function"], &told["onsale_refusals_total.seat-taken"]), (&json!("hold_seat"), &json!(3)));
        assert_eq!(
            (&told["onsale_http_requests_total.409"], &told["onsale_queue_waiting.tour"]),
            (&json!(1), &json!(7.0))
        );
        let values = told["onsale_http_request_duration_seconds.409"].as_array().expect("values");
        assert!(values.len() == VALUES_MAX && values.iter().all(|value| *value == json!(0.5)));
        assert_eq!(line(), "");
        meter.count(&HTTP_REQUESTS, 1, &["200"]);
        assert!(!emf.is_urgent());
        let told: Value = serde_json::from_str(&line()).expect("JSON");
        assert_eq!(
            (&told["_aws"]["CloudWatchMetrics"], &told["onsale_http_requests_total.200"]),
            (&json!([]), &json!(1))
        );
    }
}
