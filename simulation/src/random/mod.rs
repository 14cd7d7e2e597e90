//! Whole runs in an order that a seed decides: everybody buys at once, and everything goes wrong.

pub(crate) mod actors;
pub(crate) mod cards;
pub(crate) mod deliveries;
pub(crate) mod organise;
pub(crate) mod promises;
pub(crate) mod quiescence;
pub mod run;
pub mod runner;
pub(crate) mod scheduler;
pub mod shrink;
pub(crate) mod time;
pub(crate) mod workload;
