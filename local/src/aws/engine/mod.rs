//! The real parts behind the SDK clients: a `DynamoDB`, an SQS and an SES that run inside this process.
//!
//! The unmodified clients reach them through their HTTP-client hook, without a socket; other tools reach the same
//! engines on ports.

mod connector;
pub mod dynamodb;
mod queues;
pub mod ses;
pub mod sqs;
pub mod storage;
mod thread;

pub use crate::aws::engine::queues::{ParkedMessage, Queues};

use crate::aws::engine::dynamodb::DynamoDb;
use crate::aws::engine::ses::Ses;
use crate::aws::engine::sqs::Sqs;

/// The engines of one stack.
#[derive(Clone)]
pub struct Engines {
    /// Of the table.
    pub dynamodb: DynamoDb,
    /// Of the queues.
    pub sqs: Sqs,
    /// Of mail.
    pub ses: Ses,
}

/// An engine could not be made or asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The table's engine refused.
    #[error("table engine: {0}")]
    Table(#[from] dynoxide::DynoxideError),
    /// The database file could not be prepared.
    #[error("database file: {0}")]
    File(#[from] rusqlite::Error),
    /// A file of the data directory could not be read or written.
    #[error("data directory: {0}")]
    Directory(#[from] std::io::Error),
    /// A request or an answer was not of the engine's form.
    #[error("engine protocol: {0}")]
    Protocol(#[from] serde_json::Error),
    /// The data directory was made by a template with another table.
    #[error("the table {0} in the data directory has other keys or indexes than template.yaml; remove the directory")]
    OtherTable(String),
    /// The queues' engine refused an operation.
    #[error("queue engine, {0}: {1}")]
    Queue(String, String),
}
