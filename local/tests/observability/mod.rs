//! What the product shows of itself while it runs.

mod call_lines;
mod logs;
mod metrics;
mod monitoring;
mod program;
mod traces;
