//! The table as such: its keys, and how items are read and written.

pub(crate) mod cache;
pub mod call_metrics;
pub mod idempotency;
pub(crate) mod item;
pub(crate) mod keys;
pub(crate) mod query;
pub(crate) mod rejected;
pub(crate) mod retry;
pub mod sweep;
pub(crate) mod transaction;
pub(crate) mod update;
