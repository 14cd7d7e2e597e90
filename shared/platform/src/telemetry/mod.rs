//! What is told of what happens: logs, metrics and traces.

pub mod logs;
pub mod metrics;
pub mod trace;
