//! The local stack: the product's functions, unmodified, with everything around them that AWS would be.
//!
//! | AWS | here |
//! |---|---|
//! | API Gateway | [`aws::api_gateway`] |
//! | Lambda | [`aws::lambda`], called over [`aws::lambda::invoke_api`] or by [`aws::event_sources`] |
//! | `DynamoDB`, SQS | [`aws::engine`], behind the hook of the SDK |
//! | IAM | [`aws::iam`] |
//! | CloudFormation | [`aws::cloudformation`] |
#![forbid(unsafe_code)]
// These end the program once nobody reads what it prints; `output` does not.
#![warn(clippy::print_stderr, clippy::print_stdout)]

pub mod aws;
pub mod client;
pub mod commands;
pub mod data_directory;
pub mod demo;
pub mod fault_injection;
pub mod intercept;
pub mod output;
pub mod price;
pub mod server;
pub mod stack;
pub mod telemetry;
pub mod third_parties;

/// The allocator of the stack's programs: a quarter of their time was spent in the system's. Only programs name it, so
/// no function's binary has it.
pub use mimalloc::MiMalloc as Allocator;
