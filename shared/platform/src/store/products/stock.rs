//! Limited quantities in shards: the stock of products, and what is left of coupons.
//!
//! A shard of a product has a copy of its price and state, so that taking from it is conditioned on both; a coupon's
//! shard has the number alone.

use onsale_domain::money::Price;
use onsale_domain::products::product::ProductState;
use onsale_domain::products::stock::{Portion, Shards};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, number, text, to_item};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::transaction::Write;

#[derive(Default, Serialize, Deserialize)]
struct ShardItem {
    available: i64,
    /// How often units were put in.
    #[serde(default, skip_serializing_if = "is_zero")]
    returns: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
fn is_zero(returns: &u64) -> bool {
    *returns == 0
}

/// The write of a new shard; a product's has its `terms`.
pub fn create(stock_id: Uuid, portion: Portion, terms: Option<(Price, ProductState)>) -> Result<Write, Failure> {
    let item = ShardItem {
        available: portion.units,
        returns: 0,
        price: terms.map(|(price, _)| price.get()),
        state: terms.map(|(_, state)| state.as_str().to_owned()),
    };
    Ok(Write::create(to_item(&keys::stock(stock_id, portion.shard), &item)?))
}

/// The write that takes units, on condition that they are there; and, of a product, that it is on sale at `price`.
pub fn take(stock_id: Uuid, portion: Portion, price: Option<Price>) -> Write {
    let write = Write::update(&keys::stock(stock_id, portion.shard))
        .set_to("available", "available - :units")
        .value(":units", number(portion.units));
    match price {
        None => write.when("available >= :units"),
        Some(price) => write
            .when("available >= :units AND price = :price AND #state = :selling")
            .name("#state", "state")
            .value(":price", number(price.get()))
            .value(":selling", text(ProductState::Selling.as_str())),
    }
}

/// The write that puts units in, of whatever price and state, and counts itself for those who look at all shards.
pub fn put_in(stock_id: Uuid, portion: Portion) -> Write {
    Write::update(&keys::stock(stock_id, portion.shard))
        .set_to("available", "available + :units")
        .add("#returns", number(1))
        .name("#returns", "returns")
        .when("attribute_exists(pk)")
        .value(":units", number(portion.units))
}

/// The write that gives a shard other terms and leaves its units alone, so that no order and no change of stock is
/// lost.
pub fn set_terms(stock_id: Uuid, shard: u8, price: Price, state: ProductState) -> Write {
    Write::update(&keys::stock(stock_id, shard))
        .set("price", number(price.get()))
        .set("#state", text(state.as_str()))
        .name("#state", "state")
        .when("attribute_exists(pk)")
}

/// Why units could not be taken from a shard, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockRefusal {
    /// The product is not on sale.
    NotSelling,
    /// It has another price.
    PriceChanged,
    /// This shard has fewer units than were wanted.
    Short,
}

/// The refusal that the old image of a shard means for a [`take`] that failed.
pub fn refusal_of(old: Option<Item>, price: Price) -> Result<StockRefusal, Failure> {
    let shard: ShardItem = from_item(old.ok_or_else(|| Failure::Internal("a shard is missing".to_owned()))?)?;
    Ok(if shard.state.as_deref() != Some(ProductState::Selling.as_str()) {
        StockRefusal::NotSelling
    } else if shard.price != Some(price.get()) {
        StockRefusal::PriceChanged
    } else {
        StockRefusal::Short
    })
}

/// Most looks at all shards for one answer.
const LOOKS_MAX: u32 = 10;

/// The units of each shard, in their order, each as of its last answered write. If they have fewer than `wanted`
/// together, they had no more at one instant either, and only this may say that too little is left (K3): between two
/// reads a unit can come back to a shard that was read, and then one go from a shard that was not. So they are read
/// twice, and nothing came back in between.
///
/// # Errors
/// [`Failure::Busy`] when something comes back between any two of several looks.
pub async fn levels(app: &App, stock_id: Uuid, shards: Shards, wanted: i64) -> Result<Vec<i64>, Failure> {
    let mut seen = read_shards(app, stock_id, shards).await?;
    for _ in 0..LOOKS_MAX {
        if shards == Shards::ONE || seen.iter().map(|shard| shard.available).sum::<i64>() >= wanted {
            return Ok(units(&seen));
        }
        let again = read_shards(app, stock_id, shards).await?;
        if seen.iter().zip(&again).all(|(before, after)| before.returns == after.returns) {
            return Ok(units(&again));
        }
        seen = again;
    }
    Err(Failure::Busy)
}

fn units(shards: &[ShardItem]) -> Vec<i64> {
    shards.iter().map(|shard| shard.available).collect()
}

/// All shards in their order; one that is not there is empty.
async fn read_shards(app: &App, stock_id: Uuid, shards: Shards) -> Result<Vec<ShardItem>, Failure> {
    let keys: Vec<keys::Key> = shards.numbers().map(|shard| keys::stock(stock_id, shard)).collect();
    let items = query::batch_get_in_order(app, &keys, Consistency::Strong).await?;
    items.into_iter().map(|item| item.map_or(Ok(ShardItem::default()), from_item)).collect()
}

/// How many units there are in all, for whoever only looks: shard by shard, perhaps a moment old.
pub async fn read_total(app: &App, stock_id: Uuid, shards: Shards) -> Result<i64, Failure> {
    let keys: Vec<keys::Key> = shards.numbers().map(|shard| keys::stock(stock_id, shard)).collect();
    let items = query::batch_get(app, &keys, Consistency::Eventual).await?;
    items.into_iter().map(available).sum()
}

fn available(item: Item) -> Result<i64, Failure> {
    from_item::<ShardItem>(item).map(|shard| shard.available)
}
