//! Metrics for Prometheus and spans for collectors.

pub mod metrics;
pub mod span_export;
