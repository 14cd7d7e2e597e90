//! What the stack tells of itself: metrics for Prometheus, spans for collectors.

pub mod metrics;
pub mod span_export;
