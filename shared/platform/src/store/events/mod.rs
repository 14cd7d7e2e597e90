//! Events: those that leave with a write, and those that were dealt with.

pub mod mail;
pub(crate) mod once;
pub mod outbox;
