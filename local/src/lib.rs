//! The local stack: the product's functions, unmodified, with everything around them that AWS would be.
//!
//! | AWS | here |
//! |---|---|
//! | API Gateway | [`gateway`] |
//! | Lambda | [`lambda`], called over [`invoke`] or by [`triggers`] |
//! | `DynamoDB`, SQS | [`engine`], behind the hook of the SDK |
//! | IAM | [`permissions`] |
//! | CloudFormation | [`template`] |
#![forbid(unsafe_code)]
// These end the program once nobody reads what it prints; `output` does not.
#![warn(clippy::print_stderr, clippy::print_stdout)]

pub mod audit;
pub mod authorizer;
pub mod books;
pub mod caller;
pub mod checkpoint;
pub mod data_platform;
pub mod demo;
pub mod drill;
pub mod engine;
pub mod filter;
pub mod front;
pub mod gateway;
pub mod health;
mod home;
pub mod intercept;
pub mod invoke;
pub mod lambda;
pub mod metrics;
pub mod openapi_page;
pub mod output;
pub mod permissions;
pub mod ports;
pub mod price;
pub mod processes;
pub mod routes;
pub mod schedule;
pub mod seed;
pub mod simulation;
pub mod stack;
pub mod template;
pub mod traces;
pub mod triggers;
