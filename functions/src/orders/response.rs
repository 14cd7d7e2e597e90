use jiff::Timestamp;
use onsale_domain::money::CURRENCY;
use onsale_domain::orders::order::{Line, Order};
use onsale_domain::payments::purchase::PurchaseState;
use onsale_platform::http::openapi::one_of;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// Where an order may stand.
fn states() -> Object {
    one_of(PurchaseState::ALL.map(|state| state.name(Order::OPEN)))
}

/// An order, as shown to its owner.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderOut {
    order_id: Uuid,
    /// `pending`, `paid`, `cancelled`, `expired` or `declined`.
    #[schema(schema_with = states)]
    state: &'static str,
    /// Why it ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    created_at: Timestamp,
    /// It may be paid before this time, and not at it or after.
    expires_at: Timestamp,
    items: Vec<LineOut>,
    /// The sum of its lines, in minor units.
    subtotal: i64,
    /// The discount of its coupon.
    discount: i64,
    /// The amount to pay.
    total: i64,
    currency: &'static str,
    /// The coupon it uses, or used.
    #[serde(skip_serializing_if = "Option::is_none")]
    coupon_id: Option<Uuid>,
    /// Once it is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<String>,
}

/// Units of one product.
#[derive(Debug, Serialize, ToSchema)]
struct LineOut {
    product_id: Uuid,
    /// Frozen when the order was placed.
    name: String,
    /// Of one, frozen when the order was placed, in minor units.
    price: i64,
    quantity: i64,
    /// Of all, in minor units.
    amount: i64,
}

impl OrderOut {
    /// An order as it stands at `now`.
    pub fn new(order: &Order, now: Timestamp) -> Self {
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
            currency: CURRENCY,
            coupon_id: order.coupon.map(|coupon| coupon.0),
            payment_id: order.purchase.payment.as_ref().map(|_| order.payment_id()),
        }
    }
}
