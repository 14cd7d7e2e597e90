//! Public halves of signing keys, where verifiers find them.

use crate::app::App;
use crate::auth::signing_key::{KID_PREFIX, VerifyingKey};
use crate::failure::Failure;
use crate::store::dynamodb::item::{from_item, number, to_item};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::Query;
use crate::store::dynamodb::transaction::Write;

/// Most keys that verify at one time; a rotation that would make more is refused.
pub const KEYS_MAX: usize = 16;
/// Most keys that are read, ended ones included.
const KEYS_READ_MAX: i32 = 500;

/// Publishes a key. One that is there already has no end any more: whoever publishes it is about to sign with it.
///
/// # Errors
/// When the table fails.
pub async fn publish(app: &App, key: &VerifyingKey) -> Result<(), Failure> {
    Write::replace(to_item(&keys::verifying_key(&key.kid), key)?).apply(app).await.map(|_| ())
}

/// Lets a key end at `second`; one that has an end already keeps it.
///
/// # Errors
/// When the table fails.
pub async fn retire(app: &App, kid: &str, second: i64) -> Result<(), Failure> {
    let write = Write::update(&keys::verifying_key(kid))
        .set("delete_at", number(second))
        .when("attribute_exists(pk) AND attribute_not_exists(delete_at)");
    write.apply(app).await.map(|_| ())
}

/// All keys that verify now.
///
/// # Errors
/// When the table fails.
pub async fn list(app: &App) -> Result<Vec<VerifyingKey>, Failure> {
    // One page: those that have ended lie there until the table removes them.
    let (items, _) = Query::partition(keys::KEYS_PARTITION, KID_PREFIX).strong().page(app, KEYS_READ_MAX, None).await?;
    let keys: Result<Vec<VerifyingKey>, Failure> = items.into_iter().map(from_item).collect();
    let now = app.now().as_second();
    Ok(keys?.into_iter().filter(|key| key.delete_at.is_none_or(|end| end > now)).collect())
}
