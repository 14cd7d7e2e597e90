//! The table: all reads and writes of it, one module for each kind of item.
//!
//! DynamoDB decides every race. A function here reads what it needs, asks the domain, and commits one transaction whose
//! conditions repeat everything the decision relied on. **No lock is held, nothing is remembered between calls but for
//! what [`dynamodb::cache`] bounds in time, and no outcome is guessed**: after a failed condition or a lost answer the
//! item that would prove success is read before anything is refused.

pub mod accounts;
pub mod audit;
pub mod concerts;
pub mod dynamodb;
pub mod events;
pub mod orders;
pub mod payments;
pub mod products;
pub mod purchases;
pub mod queue;
pub mod reservations;
pub mod seats;
pub mod tickets;
pub mod views;
pub mod wallet;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};

pub use crate::store::dynamodb::query::ListFailure;
pub use crate::store::views::Page;

/// One cheap read, to know that the table answers.
///
/// # Errors
/// When it does not.
pub async fn probe(app: &App) -> Result<(), Failure> {
    query::get(app, &keys::verifying_key("probe"), Consistency::Eventual).await.map(|_| ())
}
