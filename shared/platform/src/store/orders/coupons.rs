//! Coupons, and who has claimed them.

use std::sync::Arc;

use jiff::Timestamp;
use onsale_domain::id::{CouponId, OrderId, UserId};
use onsale_domain::orders::coupon::{Claim, ClaimError, Coupon, Discount};
use onsale_domain::products::stock::{Portion, Shards, portions};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::dynamodb::cache::{COUPON_SECONDS, VIEW_SECONDS};
use crate::store::dynamodb::idempotency::{CreateFailure, Once, create_once};
use crate::store::dynamodb::item::{Item, from_item, key_of, text, time, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, ListFailure, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};
use crate::store::products::stock;
use crate::store::views::Page;

#[derive(Serialize, Deserialize)]
struct DiscountItem {
    kind: String,
    value: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct CouponItem {
    id: Uuid,
    name: String,
    discount: DiscountItem,
    quantity: i64,
    shards: u8,
    valid_from: i64,
    valid_until: i64,
    created_at: i64,
    fingerprint: String,
}

/// A claim has the coupon's terms, so that an order needs to read nothing else of it.
#[derive(Serialize, Deserialize)]
struct ClaimItem {
    name: String,
    discount: DiscountItem,
    valid_from: i64,
    valid_until: i64,
    claimed_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_by: Option<Uuid>,
    /// Id of the request that made it, by which that request knows its own work if the answer was lost.
    made_by: Uuid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    New,
    Shard,
    Logged,
}

/// Writes a coupon with its shards in one transaction.
///
/// # Errors
/// See [`CreateFailure`].
pub async fn create(app: &App, coupon: &Coupon, action: &AdminAction) -> Result<Once<Coupon>, CreateFailure> {
    let transaction = || -> Result<Transaction<Guard>, Failure> {
        let mut transaction = Transaction::new();
        transaction.add(Guard::New, Write::create(to_item(&keys::coupon(coupon.id), &item(coupon))?));
        for (shard, units) in coupon.shards.numbers().zip(coupon.shards.split(coupon.quantity)) {
            transaction.add(Guard::Shard, stock::create(coupon.id.0, Portion { shard, units }, None)?);
        }
        transaction.add(Guard::Logged, action.write(app)?);
        Ok(transaction)
    };
    create_once(app, coupon, |coupon| &coupon.fingerprint, transaction, || get(app, coupon.id), |_| None).await
}

async fn get(app: &App, id: CouponId) -> Result<Option<Coupon>, Failure> {
    query::get(app, &keys::coupon(id), Consistency::Strong).await?.map(read_coupon).transpose()
}

/// A coupon as this process knows it, or as it is read: nothing of it changes.
///
/// # Errors
/// When the table fails.
pub async fn get_cached(app: &App, id: CouponId) -> Result<Option<Arc<Coupon>>, Failure> {
    if let Some(known) = app.caches().coupons.get(&id, app.now(), COUPON_SECONDS) {
        return Ok(Some(known));
    }
    let Some(coupon) = get(app, id).await?.map(Arc::new) else { return Ok(None) };
    app.caches().coupons.put(id, Arc::clone(&coupon), app.now());
    Ok(Some(coupon))
}

/// How many of a coupon are left, at most a second old.
///
/// # Errors
/// When the table fails.
pub async fn remaining(app: &App, coupon: &Coupon) -> Result<i64, Failure> {
    if let Some(known) = app.caches().remaining.get(&coupon.id, app.now(), VIEW_SECONDS) {
        return Ok(known);
    }
    let remaining = stock::read_total(app, coupon.id.0, coupon.shards).await?;
    app.caches().remaining.put(coupon.id, remaining, app.now());
    Ok(remaining)
}

/// Why a coupon was not claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimFailure {
    /// There is no such coupon.
    #[error("no coupon")]
    NoCoupon,
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] ClaimError),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Claims a coupon for a user. Claiming it again is the same claim.
///
/// # Errors
/// See [`ClaimFailure`].
pub async fn claim(app: &App, user: UserId, id: CouponId) -> Result<Once<Claim>, ClaimFailure> {
    let coupon = get_cached(app, id).await?.ok_or(ClaimFailure::NoCoupon)?;
    let now = app.now();
    let gone = app.caches().exhausted.get(&id, now, COUPON_SECONDS).map(|()| ClaimError::Exhausted);
    if let Some(refused) = coupon.may_be_claimed(now).err().or(gone) {
        // A repeat of what succeeded is a success, also when nobody else can have one any more.
        let there = get_claim(app, user, id).await?;
        return there.map(|(claim, _)| Once::Existing(claim)).ok_or_else(|| refused.into());
    }
    let (new, made_by) = (new_claim(&coupon, now), app.ids().uuid(now));
    let item = to_item(&keys::claim(user, id), &claim_item(&new, made_by))?;
    let first = coupon.shards.first_shard_for(user.0, id.0);
    let mut from = Portion { shard: first, units: 1 };
    let mut attempts = Attempts::new(app);
    loop {
        let mut transaction = Transaction::new();
        transaction.add(Guard::Shard, stock::take(id.0, from, None));
        transaction.add(Guard::New, Write::create(item.clone()));
        let rejected = match transaction.commit(app).await {
            Ok(()) => return Ok(Once::New(new)),
            Err(rejected) => rejected,
        };
        match &rejected {
            Rejected::Guards(failed) => {
                // After an empty shard all of them are read, then the user's own claim: the last one may have gone to
                // the same user, who has asked twice.
                let short = failed.iter().all(|failed| failed.guard == Guard::Shard);
                let levels = if short { Some(stock::levels(app, id.0, coupon.shards, 1).await?) } else { None };
                if let Some((there, by)) = get_claim(app, user, id).await? {
                    return Ok(if by == made_by { Once::New(there) } else { Once::Existing(there) });
                }
                if let Some(levels) = levels {
                    let Some(portions) = portions(&levels, first, 1) else {
                        // None ever comes back, so this stays true.
                        app.caches().exhausted.put(id, (), app.now());
                        return Err(ClaimError::Exhausted.into());
                    };
                    from = portions.first().copied().unwrap_or(from);
                }
            }
            // Somebody else is at this shard. Reading all of them would only wait for more people.
            Rejected::Conflict(_) => from.shard = coupon.shards.next(from.shard),
            Rejected::Throttled | Rejected::Failure(_) => {}
        }
        attempts.wait_after(&rejected).await?;
    }
}

/// The claim of a user, and the request that made it. A claim that is just being made is waited for.
async fn get_claim(app: &App, user: UserId, coupon: CouponId) -> Result<Option<(Claim, Uuid)>, Failure> {
    let Some(item) = query::get_isolated(app, &keys::claim(user, coupon)).await? else { return Ok(None) };
    let item: ClaimItem = from_item(item)?;
    let made_by = item.made_by;
    Ok(Some((from_claim_item(coupon, item)?, made_by)))
}

/// A page of what a user has claimed, by coupon.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list_claims(
    app: &App,
    user: UserId,
    limit: u16,
    cursor: Option<&str>,
) -> Result<Page<Claim>, ListFailure> {
    let query = Query::partition(keys::user_partition(user), keys::CLAIM_PREFIX).strong();
    query.list(app, limit, cursor, query::map_each(read_claim)).await
}

/// The write by which an order uses a claim that no other uses.
pub(crate) fn redeem(user: UserId, coupon: CouponId, order: OrderId) -> Write {
    Write::update(&keys::claim(user, coupon))
        .set_to("used_by", ":order")
        .when("attribute_exists(pk) AND attribute_not_exists(used_by)")
        .value(":order", text(order.to_string()))
}

/// The write by which an order gives a claim back.
pub(crate) fn give_back(user: UserId, coupon: CouponId, order: OrderId) -> Write {
    Write::update(&keys::claim(user, coupon))
        .remove("used_by")
        .when("used_by = :order")
        .value(":order", text(order.to_string()))
}

/// A claim as it lies in the table.
pub(crate) fn read_claim(item: Item) -> Result<Claim, Failure> {
    let coupon = key_of(&item).and_then(|key| key.sk.strip_prefix(keys::CLAIM_PREFIX)?.parse().ok());
    from_claim_item(coupon.ok_or_else(|| unreadable("claim key"))?, from_item(item)?)
}

fn new_claim(coupon: &Coupon, now: Timestamp) -> Claim {
    Claim {
        coupon: coupon.id,
        name: coupon.name.clone(),
        discount: coupon.discount,
        valid_from: coupon.valid_from,
        valid_until: coupon.valid_until,
        claimed_at: now,
        used_by: None,
    }
}

fn discount_item(discount: Discount) -> DiscountItem {
    let (kind, value, max) = discount.to_parts();
    DiscountItem { kind: kind.to_owned(), value, max }
}

fn read_discount(item: &DiscountItem) -> Result<Discount, Failure> {
    Discount::parse(&item.kind, item.value, item.max).map_err(unreadable)
}

fn item(coupon: &Coupon) -> CouponItem {
    CouponItem {
        id: coupon.id.0,
        name: coupon.name.clone(),
        discount: discount_item(coupon.discount),
        quantity: coupon.quantity,
        shards: coupon.shards.get(),
        valid_from: coupon.valid_from.as_millisecond(),
        valid_until: coupon.valid_until.as_millisecond(),
        created_at: coupon.created_at.as_millisecond(),
        fingerprint: coupon.fingerprint.clone(),
    }
}

fn read_coupon(item: Item) -> Result<Coupon, Failure> {
    let item: CouponItem = from_item(item)?;
    Ok(Coupon {
        id: CouponId(item.id),
        discount: read_discount(&item.discount)?,
        name: item.name,
        quantity: item.quantity,
        shards: Shards::parse(item.shards.into()).map_err(unreadable)?,
        valid_from: time(item.valid_from)?,
        valid_until: time(item.valid_until)?,
        created_at: time(item.created_at)?,
        fingerprint: item.fingerprint,
    })
}

fn claim_item(claim: &Claim, made_by: Uuid) -> ClaimItem {
    ClaimItem {
        name: claim.name.clone(),
        discount: discount_item(claim.discount),
        valid_from: claim.valid_from.as_millisecond(),
        valid_until: claim.valid_until.as_millisecond(),
        claimed_at: claim.claimed_at.as_millisecond(),
        used_by: claim.used_by.map(|order| order.0),
        made_by,
    }
}

fn from_claim_item(coupon: CouponId, item: ClaimItem) -> Result<Claim, Failure> {
    Ok(Claim {
        coupon,
        discount: read_discount(&item.discount)?,
        name: item.name,
        valid_from: time(item.valid_from)?,
        valid_until: time(item.valid_until)?,
        claimed_at: time(item.claimed_at)?,
        used_by: item.used_by.map(OrderId),
    })
}
