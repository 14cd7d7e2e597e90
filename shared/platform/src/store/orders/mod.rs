//! Orders once they are placed: read, given up, and ended with all that they took given back.

pub mod coupons;
pub(crate) mod order_item;
pub mod place;
pub(crate) mod unpaid;

use onsale_domain::id::{OrderId, UserId};
use onsale_domain::orders::order::Order;
use onsale_domain::orders::unpaid::Unpaid;
use onsale_domain::purchases::purchase::{Cancel, Expire, Purchase, PurchaseState};

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::key_of;
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::query::{self, Consistency, ListFailure, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction};
use crate::store::products::stock;
use crate::store::purchases::cancel_failure::CancelFailure;
use crate::store::purchases::guard::Guard;
use crate::store::purchases::{ExpiryOutcome, StoredPurchase};
use crate::store::views::Page;

/// An order of a user as it lies in the table.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, user: UserId, id: OrderId) -> Result<Option<Order>, Failure> {
    Order::get(app, user, id).await
}

/// An order of a user and all that the user has not paid, in one consistent read.
pub(crate) async fn get_with_unpaid(app: &App, user: UserId, id: OrderId) -> Result<Option<(Order, Unpaid)>, Failure> {
    let keys = [keys::order(user, id), keys::unpaid(user)];
    let mut items = query::batch_get_in_order(app, &keys, Consistency::Strong).await?.into_iter();
    let (order, unpaid) = (items.next().flatten(), items.next().flatten());
    let Some(order) = order else { return Ok(None) };
    Ok(Some((Order::read(order)?, unpaid::read(unpaid.as_ref())?)))
}

/// An order of a user; one that has lapsed is ended on the spot, so that its owner need not wait for the sweep to have
/// the coupon back.
///
/// # Errors
/// When the table fails.
pub async fn get_current(app: &App, user: UserId, id: OrderId) -> Result<Option<Order>, Failure> {
    let Some(read) = get(app, user, id).await? else { return Ok(None) };
    if read.purchase.expire(app.now()) != Expire::Due {
        return Ok(Some(read));
    }
    if let Err(failure) = expire(app, user, id).await {
        // It is shown as expired in any case, and the sweep ends it.
        tracing::warn!(order = %id, %failure, "an expired order could not be ended immediately");
        return Ok(Some(read));
    }
    get(app, user, id).await
}

/// A page of a user's orders, newest first.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list(app: &App, user: UserId, limit: u16, cursor: Option<&str>) -> Result<Page<Order>, ListFailure> {
    let all = Query::by_time(keys::orders_by_time(user));
    all.list(app, limit, cursor, |app, listed| async move {
        let keys: Vec<Key> = listed.iter().filter_map(key_of).collect();
        let found = query::batch_get_in_order(&app, &keys, Consistency::Strong).await?;
        found.into_iter().map(|item| item.map(Order::read).transpose()).collect()
    })
    .await
}

/// Gives a pending order up. What has ended stays as it is, and is a success.
///
/// # Errors
/// See [`CancelFailure`].
pub async fn cancel(app: &App, user: UserId, id: OrderId) -> Result<Order, CancelFailure> {
    let ended = end_order(app, user, id, |read| {
        Ok::<_, CancelFailure>(match read.purchase.cancel(app.now())? {
            Cancel::Release => Some((read.clone().map_purchase(Purchase::cancelled), Some(EventKind::OrderCancelled))),
            Cancel::Expire => Some((read.clone().map_purchase(Purchase::released), Some(EventKind::OrderExpired))),
            Cancel::AlreadyEnded => None,
        })
    });
    Ok(ended.await?.ok_or(CancelFailure::NoOrder)?.0)
}

/// Gives back what a declined order took, once however often it is asked for.
///
/// # Errors
/// When the table fails.
pub async fn release_declined(app: &App, user: UserId, id: OrderId) -> Result<(), Failure> {
    let ended = end_order(app, user, id, |read| {
        let due = read.purchase.is_release_due();
        Ok::<_, Failure>(due.then(|| (read.clone().map_purchase(Purchase::released), None)))
    });
    ended.await.map(|_| ())
}

/// Ends an order whose time has passed: its state, and all that it took.
pub(crate) async fn expire(app: &App, user: UserId, id: OrderId) -> Result<ExpiryOutcome, Failure> {
    let ended = end_order(app, user, id, |read| {
        let due = read.purchase.expire(app.now()) == Expire::Due;
        let change = (read.purchase.state == PurchaseState::Open).then_some(EventKind::OrderExpired);
        Ok::<_, Failure>(due.then(|| (read.clone().map_purchase(Purchase::released), change)))
    });
    Ok(match ended.await? {
        Some((_, true)) => ExpiryOutcome::Now,
        Some((order, false)) if order.purchase.expire(app.now()) == Expire::Before => ExpiryOutcome::Before,
        Some(_) | None => ExpiryOutcome::Nothing,
    })
}

/// Ends an order as `ending` makes it of what was read, with what that tells the world, and gives back all that it
/// took; `None` of `ending` leaves it is. Says how it stands then, and whether that was done now.
async fn end_order<E: From<Failure>>(
    app: &App,
    user: UserId,
    id: OrderId,
    ending: impl Fn(&Order) -> Result<Option<(Order, Option<EventKind>)>, E>,
) -> Result<Option<(Order, bool)>, E> {
    let mut attempts = Attempts::new(app);
    loop {
        let Some((read, unpaid)) = get_with_unpaid(app, user, id).await? else { return Ok(None) };
        let Some((after, change)) = ending(&read)? else { return Ok(Some((read, false))) };
        let mut transaction = give_back_transaction(&read, &after, change)?;
        transaction.add(Guard::Unpaid, unpaid::remove_order(&unpaid, &after));
        match transaction.commit(app).await {
            Ok(()) => return Ok(Some((after, true))),
            Err(rejected) => {
                let is_own = |failed: &FailedGuard<Guard>| matches!(failed.guard, Guard::Version | Guard::Unpaid);
                // Stock or coupon alone: somebody else's ending is half committed; or, if that lasts, the table is wrong.
                let alone = matches!(&rejected, Rejected::Guards(failed) if !failed.iter().any(is_own));
                attempts.wait_after(&rejected).await.map_err(|failure| match failure {
                    Failure::Busy if alone => {
                        Failure::Internal(format!("stock or coupon of order {id} is not as it left them"))
                    }
                    failure => failure,
                })?;
            }
        }
    }
}

/// The order as it is `after`, its units back where they came from, and its coupon unused. The order's version is what
/// makes it happen once.
pub(crate) fn give_back_transaction(
    read: &Order,
    after: &Order,
    change: Option<EventKind>,
) -> Result<Transaction<Guard>, Failure> {
    let mut transaction = Transaction::new();
    transaction.add(Guard::Version, read.update(after, change)?);
    for line in &read.lines {
        for portion in &line.taken {
            transaction.add(Guard::Restock, stock::put_in(line.product.0, *portion));
        }
    }
    if let Some(coupon) = read.coupon {
        transaction.add(Guard::Claim, coupons::give_back(read.user, coupon, read.id));
    }
    Ok(transaction)
}
