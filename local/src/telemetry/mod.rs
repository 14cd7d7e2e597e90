//! Metrics for Prometheus, spans for collectors, and how long the lines of a log would be.

pub mod function_logs;
pub mod metrics;
pub mod span_export;
