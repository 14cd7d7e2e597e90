//! What the product shows of itself while it runs.

mod metrics;
