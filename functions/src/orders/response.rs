use jiff::Timestamp;
use onsale_domain::money::Currency;
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
