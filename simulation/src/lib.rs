//! Proof by simulation: the production handlers and the real SDK clients on the embedded table, with everything that
//! can go wrong between them, in an order that dice decide.
//!
//! One thread runs one call of a function at a time. Every call to the table or a queue stops at a
//! [`random::scheduler`]. There the dice say who goes on and what becomes of the call: carried out, throttled, in
//! conflict, lost before or after its commit, or its process killed before or after. In between time passes, requests
//! are sent again with their keys, events come late, twice and in any order, and sweeps run several at once, on
//! machines whose clocks are [`SKEW_SECONDS`] apart from the right time. After every commit the [invariants] are
//! checked, after every answer what it promises, and at the end that nothing is left over. The same seed gives the same
//! run.
#![forbid(unsafe_code)]
#![warn(clippy::print_stderr, clippy::print_stdout)]

pub mod contention;
mod fixture;
pub mod invariants;
pub mod mutants;
pub mod pairs;
pub mod random;
mod replica;
mod report;
pub mod requests;
pub mod rng;

pub use crate::mutants::condition_mutation::{self, MutationReport};
pub use crate::random::run::{Plan, SKEW_SECONDS, run};
pub use crate::random::runner::{Run, run_seeds};
pub use crate::random::shrink;
pub use crate::report::{Report, Violation};
