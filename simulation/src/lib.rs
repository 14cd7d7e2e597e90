//! Proof by simulation: the production handlers and the real SDK clients on the embedded table, with everything that
//! can go wrong between them, in an order that dice decide.
//!
//! One thread runs one call of a function at a time. Every call to the table or a queue stops at a [`scheduler`]. There
//! the dice say who goes on and what becomes of the call: carried out, throttled, in conflict, lost before or after its
//! commit, or its process killed before or after. In between time passes, requests are sent again with their keys,
//! events come late, twice and in any order, and sweeps run several at once, on machines whose clocks are
//! [`SKEW_SECONDS`] apart from the right time. After every commit the [invariants] are checked, after every
//! answer what it promises, and at the end that nothing is left over. The same seed gives the same run.
#![forbid(unsafe_code)]
#![warn(clippy::print_stderr, clippy::print_stdout)]

mod actors;
pub mod condition_mutation;
mod conditions;
mod deliveries;
mod equivalent_mutants;
mod fixture;
pub mod invariants;
pub mod pairs;
mod quiescence;
mod replica;
mod report;
pub mod requests;
pub mod rng;
mod run;
mod runner;
mod scheduler;
pub mod shrink;
mod workload;

pub use crate::condition_mutation::Strikes;
pub use crate::runner::{Run, many};
pub use report::{Report, Violation};
pub use run::{Plan, SKEW_SECONDS, run};
