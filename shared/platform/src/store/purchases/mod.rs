//! Purchases, which reservations and orders are: how both lie in the table, are read, and expire.

pub mod cancel_failure;
pub mod expiry;
pub(crate) mod guard;
pub(crate) mod item;

use std::str::FromStr;

use onsale_domain::id::UserId;
use onsale_domain::purchases::purchase::Purchase;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, key_of, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::transaction::Write;

/// A purchase as it lies in the table: a reservation or an order, and nothing else.
pub(crate) trait StoredPurchase: Clone {
    /// Its id among those of its owner.
    type Id: Copy;

    /// The purchase of a user in any state, as of its last answered write.
    async fn get(app: &App, user: UserId, id: Self::Id) -> Result<Option<Self>, Failure>;
    /// The same as no transaction is at work on it: see [`query::get_isolated`](super::dynamodb::query::get_isolated).
    async fn get_isolated(app: &App, user: UserId, id: Self::Id) -> Result<Option<Self>, Failure>;

    /// Its item as what it is.
    fn read(item: Item) -> Result<Self, Failure>;
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

/// The owner of an item, and what follows `prefix` in its sort key.
pub(crate) fn owned<I: FromStr>(item: &Item, prefix: &str) -> Result<(UserId, I), Failure> {
    let key = key_of(item).ok_or_else(|| unreadable("the key of a purchase"))?;
    let owned = keys::parse_owned(&key, prefix).and_then(|(user, rest)| Some((user, rest.parse().ok()?)));
    owned.ok_or_else(|| unreadable("the key of a purchase"))
}
