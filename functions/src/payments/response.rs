use jiff::Timestamp;
use onsale_domain::id::{OrderId, ReservationId};
use onsale_domain::money::Currency;
use onsale_domain::orders::order::Order;
use onsale_domain::purchases::purchase::{Purchase, PurchaseState};
use onsale_domain::reservations::reservation::Reservation;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Expected, Problem, invalid};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// The id of a reservation or an order, as the id of its payment says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurchaseId {
    /// `rsv-<id>`.
    Reservation(ReservationId),
    /// `ord-<id>`.
    Order(OrderId),
}

impl PurchaseId {
    /// Reads the id of a payment.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(payment_id: &str) -> Result<Self, Problem> {
        let id = |prefix: &str| -> Option<Uuid> {
            payment_id.strip_prefix(prefix).filter(|id| id.len() == 36)?.parse().ok()
        };
        let reservation = id("rsv-").map(|id| Self::Reservation(ReservationId(id)));
        let purchase = reservation.or_else(|| id("ord-").map(|id| Self::Order(OrderId(id))));
        purchase.ok_or_else(|| invalid("payment_id")(Expected::PaymentId))
    }
}

/// The states of a payment: [`PaymentOut::new`].
const STATES: [&str; 3] = ["completed", "partly_refunded", "refunded"];

/// The states of a payment.
fn states() -> Object {
    one_of("State of the payment.", STATES)
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "payment_id": "rsv-6ff4d428-67d3-85f5-ae19-a93870fafaa8",
    "reservation_id": "6ff4d428-67d3-85f5-ae19-a93870fafaa8",
    "amount": 90000,
    "refunded": 0,
    "currency": "KRW",
    "state": "completed",
    "paid_at": "2030-11-01T11:01:30Z",
}))]
pub struct PaymentOut {
    /// `rsv-` and the reservation id, or `ord-` and the order id.
    payment_id: String,
    /// Id of the reservation; absent for an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation_id: Option<Uuid>,
    /// Id of the order; absent for a reservation.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
    /// Amount paid, in minor units.
    amount: i64,
    /// Amount refunded, in minor units.
    refunded: i64,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    #[schema(schema_with = states)]
    state: &'static str,
    /// Time of the payment.
    paid_at: Timestamp,
}

impl PaymentOut {
    fn new(payment_id: String, purchase: &Purchase, currency: Currency) -> Option<Self> {
        let payment = purchase.payment.as_ref()?;
        Some(Self {
            payment_id,
            reservation_id: None,
            order_id: None,
            amount: payment.amount,
            refunded: payment.refunded,
            currency: currency.code(),
            state: match (purchase.state, payment.refunded) {
                (PurchaseState::Paid, 0) => "completed",
                (PurchaseState::Paid, _) => "partly_refunded",
                (_, _) => "refunded",
            },
            paid_at: payment.paid_at,
        })
    }

    /// The payment of a reservation, if it was ever paid.
    pub fn from_reservation(reservation: &Reservation, currency: Currency) -> Option<Self> {
        let out = Self::new(reservation.payment_id(), &reservation.purchase, currency)?;
        Some(Self { reservation_id: Some(reservation.id.0), ..out })
    }

    /// The payment of an order, if it was ever paid.
    pub fn from_order(order: &Order, currency: Currency) -> Option<Self> {
        let out = Self::new(order.payment_id(), &order.purchase, currency)?;
        Some(Self { order_id: Some(order.id.0), ..out })
    }
}
