//! Purchases, which reservations and orders are: how both lie in the table, are read, and expire.

pub mod cancel_failure;
pub mod expiry;
pub(crate) mod guard;
pub(crate) mod item;
pub(crate) mod lapses;

use std::str::FromStr;

use onsale_domain::id::UserId;
use onsale_domain::purchases::purchase::Purchase;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, key_of, unreadable};
use crate::store::dynamodb::keys::Key;
use crate::store::dynamodb::query::{self, Consistency, ListFailure, Query};
use crate::store::dynamodb::transaction::Write;
use crate::store::views::Page;

/// A purchase as it lies in the table: a reservation or an order, and nothing else.
pub(crate) trait StoredPurchase: Clone {
    /// Its id among those of its owner.
    type Id: Copy + FromStr;
    /// The beginning of its sort key, before its id.
    const PREFIX: &str;

    /// Where it lies in the table.
    fn key(user: UserId, id: Self::Id) -> Key;
    /// All that a user has, in the index by time.
    fn by_time(user: UserId) -> String;
    /// Its item as what it is.
    fn read(user: UserId, id: Self::Id, item: Item) -> Result<Self, Failure>;
    /// Its update to what it is `after`, conditioned on its version; tells the world of `change`.
    fn update(&self, after: &Self, change: Option<EventKind>) -> Result<Write, Failure>;

    /// How it stands.
    fn purchase(&self) -> &Purchase;
    /// It with its purchase after this change.
    fn map_purchase(self, change: impl FnOnce(Purchase) -> Purchase) -> Self;
}

/// The outcome of expiring a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpiryOutcome {
    /// Its seats, units or coupon were given back, now.
    Now,
    /// They had been given back by another process that was faster.
    Before,
    /// It is paid, live or not there: nothing to give back.
    Nothing,
}

/// A purchase of a user as it lies in the table, in any state.
pub(crate) async fn get<P: StoredPurchase>(app: &App, user: UserId, id: P::Id) -> Result<Option<P>, Failure> {
    let item = query::get(app, &P::key(user, id), Consistency::Strong).await?;
    item.map(|item| P::read(user, id, item)).transpose()
}

/// The same as no transaction is at work on it: see [`query::get_isolated`].
pub(crate) async fn get_isolated<P: StoredPurchase>(app: &App, user: UserId, id: P::Id) -> Result<Option<P>, Failure> {
    let item = query::get_isolated(app, &P::key(user, id)).await?;
    item.map(|item| P::read(user, id, item)).transpose()
}

/// A page of a user's purchases of a kind, newest first.
pub(crate) async fn list<P: StoredPurchase>(
    app: &App,
    user: UserId,
    limit: u16,
    cursor: Option<&str>,
) -> Result<Page<P>, ListFailure> {
    let read = move |item: Item| {
        let id = key_of(&item).and_then(|key| key.sk.strip_prefix(P::PREFIX)?.parse().ok());
        P::read(user, id.ok_or_else(|| unreadable("the key of a purchase"))?, item)
    };
    let all = Query::by_time(P::by_time(user));
    all.list(app, limit, cursor, |app, listed| async move {
        let keys: Vec<Key> = listed.iter().filter_map(key_of).collect();
        let found = query::batch_get_in_order(&app, &keys, Consistency::Strong).await?;
        found.into_iter().map(|item| item.map(read).transpose()).collect()
    })
    .await
}
