use jiff::Timestamp;
use onsale_domain::coupons::coupon::{Claim, Coupon, Discount};
use onsale_domain::money::CURRENCY;
use onsale_platform::http::openapi::one_of;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// The discounts that a coupon may give.
fn kinds() -> Object {
    one_of(Discount::KINDS)
}

/// The discount that a coupon gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscountOut {
    /// `amount` or `percent`.
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// Minor units, or hundredths.
    value: i64,
    /// Most that a percentage takes off, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<i64>,
}

impl From<Discount> for DiscountOut {
    fn from(discount: Discount) -> Self {
        let (kind, value, max) = discount.to_parts();
        Self { kind, value, max }
    }
}

/// A coupon.
#[derive(Debug, Serialize, ToSchema)]
pub struct CouponOut {
    coupon_id: Uuid,
    name: String,
    discount: DiscountOut,
    currency: &'static str,
    /// How many there were to begin with.
    quantity: i64,
    /// How many are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<i64>,
    /// First instant in which it may be claimed and used.
    valid_from: Timestamp,
    /// First instant in which it may not any more.
    valid_until: Timestamp,
    created_at: Timestamp,
}

impl CouponOut {
    /// A coupon, with how many of it are left.
    pub fn new(coupon: &Coupon, remaining: Option<i64>) -> Self {
        Self {
            coupon_id: coupon.id.0,
            name: coupon.name.clone(),
            discount: coupon.discount.into(),
            currency: CURRENCY,
            quantity: coupon.quantity,
            remaining,
            valid_from: coupon.valid_from,
            valid_until: coupon.valid_until,
            created_at: coupon.created_at,
        }
    }
}

/// Where a claim may stand.
fn states() -> Object {
    one_of(Claim::STATES)
}

/// A coupon that the caller has claimed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimOut {
    coupon_id: Uuid,
    name: String,
    discount: DiscountOut,
    currency: &'static str,
    /// `unused`, `used` or `expired`.
    #[schema(schema_with = states)]
    state: &'static str,
    claimed_at: Timestamp,
    /// First instant in which it may be used.
    valid_from: Timestamp,
    /// First instant in which it may not any more.
    valid_until: Timestamp,
    /// The order that uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
}

impl ClaimOut {
    /// A claim as it stands at `now`.
    pub fn new(claim: &Claim, now: Timestamp) -> Self {
        Self {
            coupon_id: claim.coupon.0,
            name: claim.name.clone(),
            discount: claim.discount.into(),
            currency: CURRENCY,
            state: claim.state_at(now),
            claimed_at: claim.claimed_at,
            valid_from: claim.valid_from,
            valid_until: claim.valid_until,
            order_id: claim.used_by.map(|order| order.0),
        }
    }
}
