//! Products, their entries in the catalog, and what viewers see of them.

pub mod sales;
pub(crate) mod stock;
pub mod stock_adjustments;

use std::sync::Arc;

use onsale_domain::id::ProductId;
use onsale_domain::money::Price;
use onsale_domain::products::product::{Change, MaxPerUser, Product, ProductState, Sort};
use onsale_domain::products::stock::{Portion, Shards};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::dynamodb::cache::{CATALOG_SECONDS, VIEW_SECONDS};
use crate::store::dynamodb::idempotency::{CreateFailure, Once, create_once};
use crate::store::dynamodb::item::{Item, from_item, number, text, time, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, ListFailure, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Transaction, Write};
use crate::store::views::{Listing, Page, Viewed};

#[derive(Serialize, Deserialize)]
struct ProductItem {
    id: Uuid,
    name: String,
    listed_name: String,
    price: i64,
    state: String,
    max_per_user: i64,
    shards: u8,
    /// How many units there were to begin with; what was added or taken away since is in receipts.
    stock: i64,
    created_at: i64,
    version: u64,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct ListingItem {
    id: Uuid,
    name: String,
    price: i64,
    max_per_user: i64,
    listed_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    New,
    Version,
    Shard,
    Listing,
    Logged,
}

/// Writes a product with its stock and its entries in the catalog, in one transaction.
///
/// # Errors
/// See [`CreateFailure`].
pub async fn create(
    app: &App,
    product: &Product,
    stock: i64,
    action: &AdminAction,
) -> Result<Once<Product>, CreateFailure> {
    let transaction = || -> Result<Transaction<Guard>, Failure> {
        let mut transaction = Transaction::new();
        transaction.add(Guard::New, Write::create(to_item(&keys::product(product.id), &item(product, stock))?));
        for (shard, units) in product.shards.numbers().zip(product.shards.split(stock)) {
            let terms = Some((product.price, product.state));
            transaction.add(Guard::Shard, stock::create(product.id.0, Portion { shard, units }, terms)?);
        }
        relist(&mut transaction, None, product)?;
        transaction.add(Guard::Logged, action.write(app)?);
        Ok(transaction)
    };
    create_once(app, product, |product| &product.fingerprint, transaction, || get(app, product.id), |_| None).await
}

/// Adds the writes that take a product's entries from where they were `before` to where they belong `after`.
fn relist(transaction: &mut Transaction<Guard>, before: Option<&Product>, after: &Product) -> Result<(), Failure> {
    let keys = |product: Option<&Product>| {
        let selling = product.filter(|product| product.is_selling());
        selling.map(|product| {
            keys::listings(product.id, &product.listed_name, product.price, product.created_at.as_millisecond())
        })
    };
    let (old, new) = (keys(before), keys(Some(after)));
    for key in old.iter().flatten().filter(|key| !new.iter().flatten().any(|kept| kept == *key)) {
        transaction.add(Guard::Listing, Write::delete(key));
    }
    let entry = ListingItem {
        id: after.id.0,
        name: after.name.clone(),
        price: after.price.get(),
        max_per_user: after.max_per_user.get(),
        listed_at: after.created_at.as_millisecond(),
    };
    for key in new.iter().flatten() {
        transaction.add(Guard::Listing, Write::replace(to_item(key, &entry)?));
    }
    Ok(())
}

/// A product, in any state.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, id: ProductId) -> Result<Option<Product>, Failure> {
    query::get(app, &keys::product(id), Consistency::Strong).await?.map(read_product).transpose()
}

/// Several products, those that exist; perhaps a moment old, which an order's conditions catch.
pub(crate) async fn get_several(app: &App, ids: impl Iterator<Item = ProductId>) -> Result<Vec<Product>, Failure> {
    let keys: Vec<keys::Key> = ids.map(keys::product).collect();
    query::batch_get(app, &keys, Consistency::Eventual).await?.into_iter().map(read_product).collect()
}

/// A product with its stock, at most a second old.
///
/// # Errors
/// When the table fails.
pub async fn get_cached(app: &App, id: ProductId) -> Result<Option<Arc<Viewed>>, Failure> {
    if let Some(known) = app.caches().products.get(&id, app.now(), VIEW_SECONDS) {
        return Ok(Some(known));
    }
    let item = query::get(app, &keys::product(id), Consistency::Eventual).await?;
    let Some(product) = item.map(read_product).transpose()? else { return Ok(None) };
    let available = stock::read_total(app, id.0, product.shards).await?;
    let viewed = Arc::new(Viewed { product, available });
    app.caches().products.put(id, Arc::clone(&viewed), app.now());
    Ok(Some(viewed))
}

/// Gives a product another name, price, state or limit, its shards and entries with it; `None` without such a product.
/// Doing it again changes nothing.
///
/// # Errors
/// When the table fails.
pub async fn update(
    app: &App,
    id: ProductId,
    change: &Change,
    action: &AdminAction,
) -> Result<Option<Product>, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let Some(read) = get(app, id).await? else { return Ok(None) };
        let Some(after) = read.with_change(change) else { return Ok(Some(read)) };
        let mut transaction = Transaction::new();
        transaction.add(
            Guard::Version,
            Write::update(&keys::product(id))
                .set("#name", text(&after.name))
                .set("listed_name", text(&after.listed_name))
                .set("price", number(after.price.get()))
                .set("#state", text(after.state.as_str()))
                .set("max_per_user", number(after.max_per_user.get()))
                .set("version", number(after.version))
                .name("#name", "name")
                .name("#state", "state")
                .when("version = :read_version")
                .value(":read_version", number(read.version)),
        );
        for shard in after.shards.numbers() {
            transaction.add(Guard::Shard, stock::set_terms(id.0, shard, after.price, after.state));
        }
        relist(&mut transaction, Some(&read), &after)?;
        transaction.add(Guard::Logged, describe_change(action, &read, &after).write(app)?);
        match transaction.commit(app).await {
            Ok(()) => return Ok(Some(after)),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// The action with the changes of an update. Of a name only that it is another one: it may be somebody's.
fn describe_change(action: &AdminAction, before: &Product, after: &Product) -> AdminAction {
    let mut action = action.clone();
    if before.name != after.name {
        action = action.with_change("name", "changed");
    }
    if before.price != after.price {
        action = action.with_change("price_before", before.price.get()).with_change("price", after.price.get());
    }
    if before.state != after.state {
        action = action.with_change("state_before", before.state.as_str()).with_change("state", after.state.as_str());
    }
    action
}

/// A page of the products on sale, at most [`CATALOG_SECONDS`] old.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list(app: &App, sort: Sort, limit: u16, cursor: Option<&str>) -> Result<Arc<Page<Listing>>, ListFailure> {
    let key = (sort, limit, cursor.map(str::to_owned));
    if let Some(known) = app.caches().catalog.get(&key, app.now(), CATALOG_SECONDS) {
        return Ok(known);
    }
    let forwards = Query::whole_partition(keys::catalog_partition(sort));
    let query = match sort {
        Sort::PriceUp | Sort::Name => forwards,
        Sort::Newest | Sort::PriceDown => forwards.newest_first(),
    };
    let page = Arc::new(query.list(app, limit, cursor, query::map_each(read_listing)).await?);
    app.caches().catalog.put(key, Arc::clone(&page), app.now());
    Ok(page)
}

fn item(product: &Product, stock: i64) -> ProductItem {
    ProductItem {
        id: product.id.0,
        name: product.name.clone(),
        listed_name: product.listed_name.clone(),
        price: product.price.get(),
        state: product.state.as_str().to_owned(),
        max_per_user: product.max_per_user.get(),
        shards: product.shards.get(),
        stock,
        created_at: product.created_at.as_millisecond(),
        version: product.version,
        fingerprint: product.fingerprint.clone(),
    }
}

fn read_product(item: Item) -> Result<Product, Failure> {
    let item: ProductItem = from_item(item)?;
    Ok(Product {
        id: ProductId(item.id),
        name: item.name,
        listed_name: item.listed_name,
        price: Price::parse(item.price).map_err(unreadable)?,
        state: ProductState::parse(&item.state).ok_or_else(|| unreadable("state"))?,
        max_per_user: MaxPerUser::parse(item.max_per_user).map_err(unreadable)?,
        shards: Shards::parse(item.shards.into()).map_err(unreadable)?,
        created_at: time(item.created_at)?,
        version: item.version,
        fingerprint: item.fingerprint,
    })
}

fn read_listing(item: Item) -> Result<Listing, Failure> {
    let item: ListingItem = from_item(item)?;
    Ok(Listing {
        id: ProductId(item.id),
        name: item.name,
        price: Price::parse(item.price).map_err(unreadable)?,
        max_per_user: MaxPerUser::parse(item.max_per_user).map_err(unreadable)?,
        created_at: time(item.listed_at)?,
    })
}
