//! The contention lab: the production handlers in virtual time, over the embedded engine behind a layer that makes
//! transactions conflict, partitions throttle and services queue as AWS's do.
//!
//! The embedded engine executes every call at once and alone, so it never refuses a write because another one is under
//! way. `DynamoDB` does. [`table`] stands between the SDK clients and the engine and adds what the engine lacks: how
//! long calls take, which items a transaction locks meanwhile, and how many units a partition and the table carry.
//! [`services`] does the same for Lambda and API Gateway by their [`quotas`], which a [`storm`] of polls may use up;
//! [`deliveries`] for the stream and the queues. [`buyers`] come, look, hold and pay. Nothing here decides anything for the product: what is refused, tried again and answered
//! is its own code's doing. Time passes only while everybody waits, so a minute of a crowd takes what its calls take to
//! compute, and the same seed gives the same run.
//!
//! All numbers and their sources are in [`parameters`].

pub mod bucket;
pub mod buyers;
pub mod calls;
pub mod claims;
pub mod deliveries;
pub mod heat;
pub mod parameters;
mod polls;
pub mod quotas;
pub mod refusal;
pub mod report;
pub mod run;
pub mod services;
pub mod storm;
pub mod table;

pub use crate::contention::parameters::{ISOLATED, Parameters};
pub use crate::contention::report::Figures;
pub use crate::contention::run::{Outcome, Plan, Sale, run};
