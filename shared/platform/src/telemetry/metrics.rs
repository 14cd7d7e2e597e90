//! Metrics: one table of all of them, and the meter through which a process counts.
//!
//! **A meter belongs to an app, not to the program**: many apps run in one process of the local stack, the tests and
//! the simulation, and each counts for itself or not at all. No label is ever an id of a person.

mod emf;
mod table;

use std::fmt;
use std::sync::Arc;

use metrics::{Key, KeyName, Label, Level, Metadata, Recorder, SharedString, Unit};

pub use crate::telemetry::metrics::emf::Emf;
pub use crate::telemetry::metrics::table::*;

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only ever rises.
    Counter,
    /// Is what it was last set to.
    Gauge,
    /// Keeps how values are spread.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, by the conventions of Prometheus: the unit is in it, and a counter ends in `_total`.
    pub name: &'static str,
    /// How it behaves.
    pub kind: MetricKind,
    /// The unit of its values.
    pub unit: Unit,
    /// The labels of its series. `function` is filled in by the meter, the others by the caller, in this order.
    pub labels: &'static [&'static str],
    /// Whether CloudWatch is to keep it. It charges for every name; the others are in the log line all the same.
    pub kept: bool,
    /// The description for Prometheus.
    pub help: &'static str,
}

/// The label that a meter fills in.
pub const FUNCTION: &str = "function";

const METADATA: Metadata<'static> = Metadata::new("onsale", Level::INFO, None);

/// Where a process counts.
#[derive(Clone, Default)]
pub struct Meter(Option<Recording>);

#[derive(Clone)]
struct Recording {
    function: SharedString,
    recorder: Arc<dyn Recorder + Send + Sync>,
}

impl fmt::Debug for Meter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Meter").field(&self.0.as_ref().map(|counting| &counting.function)).finish()
    }
}

impl Meter {
    /// A meter that forgets.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// The meter of `function`, which counts in `recorder`.
    #[must_use]
    pub fn new(function: impl Into<SharedString>, recorder: Arc<dyn Recorder + Send + Sync>) -> Self {
        Self(Some(Recording { function: function.into(), recorder }))
    }

    /// Whether anything is kept.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Adds `count` to a counter; `labels` are the values of the metric's own, in its order.
    pub fn count(&self, metric: &'static Metric, count: u64, labels: &[&str]) {
        if let Some((key, recorder)) = self.key(metric, labels) {
            recorder.register_counter(&key, &METADATA).increment(count);
        }
    }

    /// Sets a gauge.
    pub fn set(&self, metric: &'static Metric, value: f64, labels: &[&str]) {
        if let Some((key, recorder)) = self.key(metric, labels) {
            recorder.register_gauge(&key, &METADATA).set(value);
        }
    }

    /// Adds a value to a histogram.
    pub fn record(&self, metric: &'static Metric, value: f64, labels: &[&str]) {
        if let Some((key, recorder)) = self.key(metric, labels) {
            recorder.register_histogram(&key, &METADATA).record(value);
        }
    }

    fn key(&self, metric: &'static Metric, labels: &[&str]) -> Option<(Key, &Arc<dyn Recorder + Send + Sync>)> {
        let Recording { function, recorder } = self.0.as_ref()?;
        let mut values = labels.iter();
        let label = |name: &&'static str| match *name {
            FUNCTION => Some(Label::new(FUNCTION, function.clone())),
            own => values.next().map(|value| Label::new(own, (*value).to_owned())),
        };
        let labels: Vec<Label> = metric.labels.iter().filter_map(label).collect();
        debug_assert_eq!(labels.len(), metric.labels.len(), "the labels of {}", metric.name);
        Some((Key::from_parts(metric.name, labels), recorder))
    }
}

/// Describes each metric to a recorder.
pub fn describe(recorder: &dyn Recorder) {
    for metric in ALL {
        let (name, unit, help) = (KeyName::from_const_str(metric.name), Some(metric.unit), metric.help.into());
        match metric.kind {
            MetricKind::Counter => recorder.describe_counter(name, unit, help),
            MetricKind::Gauge => recorder.describe_gauge(name, unit, help),
            MetricKind::Histogram => recorder.describe_histogram(name, unit, help),
        }
    }
}
