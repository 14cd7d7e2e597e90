//! Public halves of the keys that sign tickets' codes, where anybody may read them.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::auth::ticket_key::PublicKey;
use crate::failure::Failure;
use crate::store::dynamodb::item::{from_item, time, to_item};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::Query;
use crate::store::dynamodb::transaction::Write;

/// Most keys that can ever be published: their numbers are bytes, and none is used twice.
const PUBLISHED_MAX: i32 = 256;

#[derive(Serialize, Deserialize)]
struct PublicKeyItem {
    number: u8,
    public: String,
    signs_from: i64,
}

/// Publishes the keys that are not published yet. A published key stays.
///
/// # Errors
/// When the table fails, or another key has the number of one of them.
pub(crate) async fn publish(app: &App, wanted: &[PublicKey]) -> Result<(), Failure> {
    let mut there = list(app).await?;
    for key in wanted {
        if there.iter().any(|known| known.number == key.number) {
            continue;
        }
        let item = PublicKeyItem {
            number: key.number,
            public: key.public.clone(),
            signs_from: key.signs_from.as_millisecond(),
        };
        // Another process may be about to publish the same: what lies there then is compared below.
        Write::create(to_item(&keys::ticket_key(key.number), &item)?).apply(app).await?;
        there = list(app).await?;
    }
    let is_published =
        |key: &PublicKey| there.iter().any(|known| known.number == key.number && known.public == key.public);
    if wanted.iter().all(is_published) {
        Ok(())
    } else {
        Err(Failure::Internal("ticket key: another key was published under its number".to_owned()))
    }
}

/// All keys that were published, by their numbers.
///
/// # Errors
/// When the table fails.
pub async fn list(app: &App) -> Result<Vec<PublicKey>, Failure> {
    let query = Query::partition(keys::TICKET_KEYS_PARTITION, keys::TICKET_KEY_PREFIX).strong();
    let (items, _) = query.page(app, PUBLISHED_MAX, None).await?;
    let read = |item| {
        let item: PublicKeyItem = from_item(item)?;
        Ok(PublicKey { number: item.number, public: item.public, signs_from: time(item.signs_from)? })
    };
    items.into_iter().map(read).collect()
}
