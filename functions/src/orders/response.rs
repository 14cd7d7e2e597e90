use jiff::Timestamp;
use onsale_domain::money::Currency;
use onsale_domain::orders::coupon::{Claim, Coupon, Discount};
use onsale_domain::orders::order::{Line, Order};
use onsale_domain::purchases::purchase::PurchaseState;
use onsale_platform::http::openapi::one_of;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// The states of an order.
fn states() -> Object {
    one_of("State of the order.", PurchaseState::ALL.map(|state| state.name(Order::OPEN)))
}

/// The reasons why an order has ended.
fn reasons() -> Object {
    one_of(
        "Reason why the order has ended; absent while it has not.",
        PurchaseState::ALL.into_iter().filter_map(PurchaseState::reason),
    )
}

/// An order, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "order_id": "0193a000-0000-7000-8000-000000000001",
    "state": "pending",
    "created_at": "2030-11-01T11:00:00.25Z",
    "expires_at": "2030-11-01T11:05:01Z",
    "items": [{
        "product_id": "f029293e-5811-8a32-95f7-3ce09e715f9a",
        "name": "Light stick",
        "price": 25000,
        "quantity": 2,
        "amount": 50000,
    }],
    "subtotal": 50000,
    "discount": 5000,
    "total": 45000,
    "currency": "KRW",
    "coupon_id": "676d0d0c-31a3-89c3-b1ac-bdcb3286eafc",
}))]
pub struct OrderOut {
    /// Id of the order.
    order_id: Uuid,
    #[schema(schema_with = states)]
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = reasons, required = false)]
    reason: Option<&'static str>,
    /// Time of the order.
    created_at: Timestamp,
    /// Time until which the order can be paid (exclusive).
    expires_at: Timestamp,
    /// Lines of the order.
    items: Vec<LineOut>,
    /// Sum of the lines, in minor units.
    subtotal: i64,
    /// Discount of the coupon, in minor units.
    discount: i64,
    /// Amount to pay, in minor units.
    total: i64,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    /// Coupon of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    coupon_id: Option<Uuid>,
    /// Id of the payment; absent until the order is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<String>,
}

/// Units of one product.
#[derive(Debug, Serialize, ToSchema)]
struct LineOut {
    /// Id of the product.
    product_id: Uuid,
    /// Name of the product at the time of the order.
    name: String,
    /// Price of one unit at the time of the order, in minor units.
    price: i64,
    /// Number of units.
    quantity: i64,
    /// Price of all units, in minor units.
    amount: i64,
}

impl OrderOut {
    /// An order as it stands at `now`.
    pub fn new(order: &Order, currency: Currency, now: Timestamp) -> Self {
        let state = order.purchase.state_at(now);
        let line = |line: &Line| LineOut {
            product_id: line.product.0,
            name: line.name.clone(),
            price: line.price.get(),
            quantity: line.quantity(),
            amount: line.amount(),
        };
        Self {
            order_id: order.id.0,
            state: state.name(Order::OPEN),
            reason: state.reason(),
            created_at: order.created_at,
            expires_at: order.purchase.expires_at(),
            items: order.lines.iter().map(line).collect(),
            subtotal: order.subtotal(),
            discount: order.discount,
            total: order.total(),
            currency: currency.code(),
            coupon_id: order.coupon.map(|coupon| coupon.0),
            payment_id: order.purchase.payment.as_ref().map(|_| order.payment_id()),
        }
    }
}

/// The discounts that a coupon may give.
fn kinds() -> Object {
    one_of("`amount` takes off a fixed amount, `percent` a percentage.", Discount::KINDS)
}

/// Discount of a coupon.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscountOut {
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// Minor units for `amount`, percent for `percent`.
    value: i64,
    /// Upper limit of a `percent` discount, in minor units.
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
#[schema(example = json!({
    "coupon_id": "676d0d0c-31a3-89c3-b1ac-bdcb3286eafc",
    "name": "Ten percent",
    "discount": { "kind": "percent", "value": 10, "max": 5000 },
    "currency": "KRW",
    "quantity": 100,
    "remaining": 50,
    "valid_from": "2030-01-01T00:00:00Z",
    "valid_until": "2099-01-01T00:00:00Z",
    "created_at": "2030-01-01T00:00:00Z",
}))]
pub struct CouponOut {
    /// Id of the coupon.
    coupon_id: Uuid,
    /// Name of the coupon.
    name: String,
    /// Discount on an order.
    discount: DiscountOut,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    /// Number of coupons created.
    quantity: i64,
    /// Number left to claim; absent where it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<i64>,
    /// Time from which the coupon can be claimed and used.
    valid_from: Timestamp,
    /// Time until which the coupon can be claimed and used (exclusive).
    valid_until: Timestamp,
    /// Time of creation.
    created_at: Timestamp,
}

impl CouponOut {
    /// A coupon, with how many of it are left.
    pub fn new(coupon: &Coupon, remaining: Option<i64>, currency: Currency) -> Self {
        Self {
            coupon_id: coupon.id.0,
            name: coupon.name.clone(),
            discount: coupon.discount.into(),
            currency: currency.code(),
            quantity: coupon.quantity,
            remaining,
            valid_from: coupon.valid_from,
            valid_until: coupon.valid_until,
            created_at: coupon.created_at,
        }
    }
}

/// The states of a claim.
fn coupon_states() -> Object {
    one_of("State of the claim.", Claim::STATES)
}

/// A coupon that the caller has claimed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "coupon_id": "676d0d0c-31a3-89c3-b1ac-bdcb3286eafc",
    "name": "Ten percent",
    "discount": { "kind": "percent", "value": 10, "max": 5000 },
    "currency": "KRW",
    "state": "unused",
    "claimed_at": "2030-11-01T11:00:00Z",
    "valid_from": "2030-01-01T00:00:00Z",
    "valid_until": "2099-01-01T00:00:00Z",
}))]
pub struct ClaimOut {
    /// Id of the coupon.
    coupon_id: Uuid,
    /// Name of the coupon.
    name: String,
    /// Discount on an order.
    discount: DiscountOut,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    #[schema(schema_with = coupon_states)]
    state: &'static str,
    /// Time of the claim.
    claimed_at: Timestamp,
    /// Time from which the coupon can be used.
    valid_from: Timestamp,
    /// Time until which the coupon can be used (exclusive).
    valid_until: Timestamp,
    /// Order that uses the coupon; absent while it is unused.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
}

impl ClaimOut {
    /// A claim as it stands at `now`.
    pub fn new(claim: &Claim, currency: Currency, now: Timestamp) -> Self {
        Self {
            coupon_id: claim.coupon.0,
            name: claim.name.clone(),
            discount: claim.discount.into(),
            currency: currency.code(),
            state: claim.state_at(now),
            claimed_at: claim.claimed_at,
            valid_from: claim.valid_from,
            valid_until: claim.valid_until,
            order_id: claim.used_by.map(|order| order.0),
        }
    }
}
