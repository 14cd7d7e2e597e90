//! Proof by simulation: the production handlers and the real SDK clients on the embedded table, with everything that
//! can go wrong between them, in an order that dice decide.
//!
//! One thread runs one call of a function at a time. Every call to the table or a queue stops at a [`turnstile`]. There
//! the dice say who goes on and what becomes of the call: carried out, throttled, in conflict, lost before or after its
//! commit, or its process killed before or after. In between time passes, requests are sent again with their keys,
//! events come late, twice and in any order, and sweeps run several at once, on machines whose clocks are
//! [`SKEW_SECONDS`] apart from the right time. After every commit the [books](crate::books) are checked, after every
//! answer what it promises, and at the end that nothing is left over. The same seed gives the same run.

mod actors;
mod deliveries;
pub mod dice;
mod guards;
mod hall;
mod many;
mod mirror;
pub mod pairs;
mod people;
mod report;
pub mod requests;
mod rest;
mod run;
pub mod shrink;
pub mod strikes;
mod survivors;
mod turnstile;

pub use many::{Run, many};
pub use report::{Report, Violation};
pub use run::{Plan, SKEW_SECONDS, run};
pub use strikes::Strikes;
