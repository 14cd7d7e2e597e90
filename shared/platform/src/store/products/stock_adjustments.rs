//! Units added to a product's stock or taken away from it, each change once under its receipt.

use onsale_domain::id::ProductId;
use onsale_domain::products::product::Product;
use onsale_domain::products::stock as rules;
use onsale_domain::products::stock::Portion;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::dynamodb::idempotency::{KeyReused, Once};
use crate::store::dynamodb::item::{from_item, to_item};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Transaction, Write};
use crate::store::products::{self, stock};

#[derive(Serialize, Deserialize)]
struct AdjustmentItem {
    delta: i64,
    at: i64,
    fingerprint: String,
}

/// Why a stock was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AdjustFailure {
    /// There is no such product.
    #[error("no product")]
    NoProduct,
    /// Fewer units are there than were to be taken away.
    #[error("out of stock")]
    OutOfStock,
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    New,
    Shard,
    Logged,
}

/// Changes the stock of a product by `delta` under the receipt `id`, once however often it is asked for. What is added
/// is spread evenly; what is taken away comes from where it is, and never below nothing. Gives the units that can be
/// had now.
///
/// # Errors
/// See [`AdjustFailure`].
pub async fn adjust(
    app: &App,
    product: ProductId,
    id: Uuid,
    delta: i64,
    fingerprint: &str,
    action: &AdminAction,
) -> Result<Once<i64>, AdjustFailure> {
    let product = products::get(app, product).await?.ok_or(AdjustFailure::NoProduct)?;
    let receipt = AdjustmentItem { delta, at: app.now().as_millisecond(), fingerprint: fingerprint.to_owned() };
    let mut attempts = Attempts::new(app);
    loop {
        let Some(portions) = portions(app, &product, id, delta).await? else {
            // The missing units may have been taken away by this very change.
            return find_replay(app, &product, id, fingerprint, attempts.answer_lost)
                .await?
                .ok_or(AdjustFailure::OutOfStock);
        };
        let mut transaction = Transaction::new();
        transaction.add(Guard::New, Write::create(to_item(&keys::adjustment(product.id, id), &receipt)?));
        for portion in portions {
            let write = match delta {
                ..0 => stock::take(product.id.0, portion, None),
                _ => stock::put_in(product.id.0, portion),
            };
            transaction.add(Guard::Shard, write);
        }
        transaction.add(Guard::Logged, action.write(app)?);
        let rejected = match transaction.commit(app).await {
            Ok(()) => return Ok(Once::New(available(app, &product).await?)),
            Err(rejected) => rejected,
        };
        let ours = attempts.may_have_done(&rejected);
        if let Some(done) = find_replay(app, &product, id, fingerprint, ours).await? {
            return Ok(done);
        }
        attempts.wait_after(&rejected).await?;
    }
}

/// From or to which shards the units go; `None` when there are too few.
async fn portions(app: &App, product: &Product, id: Uuid, delta: i64) -> Result<Option<Vec<Portion>>, Failure> {
    if delta < 0 {
        let levels = stock::levels(app, product.id.0, product.shards, -delta).await?;
        return Ok(rules::portions(&levels, product.shards.first_shard_for(id, product.id.0), -delta));
    }
    let spread = product.shards.numbers().zip(product.shards.split(delta));
    Ok(Some(spread.filter(|(_, units)| *units > 0).map(|(shard, units)| Portion { shard, units }).collect()))
}

async fn available(app: &App, product: &Product) -> Result<i64, Failure> {
    Ok(stock::levels(app, product.id.0, product.shards, 0).await?.into_iter().sum())
}

/// The change as it was carried out, if it was: by an earlier request, or (`ours`) by an earlier try of this one. One
/// that is just being carried out is waited for.
async fn find_replay(
    app: &App,
    product: &Product,
    id: Uuid,
    fingerprint: &str,
    ours: bool,
) -> Result<Option<Once<i64>>, AdjustFailure> {
    let Some(item) = query::get_isolated(app, &keys::adjustment(product.id, id)).await? else { return Ok(None) };
    let done = Once::replay(from_item(item)?, |done: &AdjustmentItem| &done.fingerprint, fingerprint, ours)?;
    let available = available(app, product).await?;
    Ok(Some(done.map(|_| available)))
}
