//! What the product shows of itself while it runs.

mod logs;
mod metrics;
mod program;
mod traces;
