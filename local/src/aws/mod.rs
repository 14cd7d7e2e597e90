//! The services of AWS around the functions, by the names that they have there.

pub mod api_gateway;
pub mod cloudformation;
pub mod engine;
pub mod event_sources;
pub mod iam;
pub mod lambda;
