//! Public halves of signing keys, where verifiers find them.

use serde::{Deserialize, Serialize};

use super::Failure;
use super::item::{from_item, to_item};
use super::read::Query;
use super::table;
use super::write::Write;
use crate::app::App;

/// Every key id begins so; a range of keys needs a beginning that is not empty.
pub const KID_PREFIX: &str = "k";
/// Most keys that verify at one time.
pub const KEYS_MAX: usize = 16;

/// A verifying key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifyingKey {
    /// Its id, the `kid` of the tokens it verifies.
    pub kid: String,
    /// The Ed25519 public key, 32 bytes in base64url.
    pub public: String,
}

/// Publishes a key; one that is there already is left as it is.
///
/// # Errors
/// When the table fails.
pub async fn publish(app: &App, key: &VerifyingKey) -> Result<(), Failure> {
    Write::create(to_item(&table::verifying_key(&key.kid), key)?).applies(app).await.map(|_| ())
}

/// All keys that verify.
///
/// # Errors
/// When the table fails.
pub async fn all(app: &App) -> Result<Vec<VerifyingKey>, Failure> {
    let items = Query::partition(table::KEYS_PARTITION, KID_PREFIX).strong().all(app, KEYS_MAX).await?;
    items.into_iter().map(from_item).collect()
}
