//! Logs, metrics and traces.

pub mod call_lines;
pub mod logs;
pub mod metrics;
pub mod trace;
