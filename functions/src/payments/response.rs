use jiff::Timestamp;
use onsale_domain::id::{OrderId, ReservationId};
use onsale_domain::money::Currency;
use onsale_domain::orders::order::Order;
use onsale_domain::purchases::purchase::{Purchase, PurchaseState};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::wallet::cards::card_payment::{CardPayment, CardPaymentState};
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
fn payment_states() -> Object {
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
    #[schema(schema_with = payment_states)]
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

/// The states of a card payment.
fn card_payment_states() -> Object {
    one_of("State of the card payment.", CardPaymentState::ALL.map(CardPaymentState::as_str))
}

/// A card payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "card_payment_id": "0c8f7a52-4d5e-8a3b-9f1c-2f6f0a9f2f11",
    "reservation_id": "6ff4d428-67d3-85f5-ae19-a93870fafaa8",
    "amount": 90000,
    "refunded": 0,
    "currency": "KRW",
    "state": "committed",
    "in_wallet": false,
    "began_at": "2030-11-01T11:01:30Z",
}))]
pub struct CardPaymentOut {
    /// Id of the card payment.
    card_payment_id: Uuid,
    /// Id of the reservation that it pays for; absent for anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation_id: Option<Uuid>,
    /// Id of the order that it pays for; absent for anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
    /// Amount, in minor units.
    amount: i64,
    /// Amount that went back to the card or is on its way there, in minor units.
    refunded: i64,
    /// ISO 4217 code of the currency.
    currency: String,
    /// `open` until the card is authorised; `committed` or `captured` once it has paid; `abandoned` or `void` when
    /// nothing is charged; `reversed` when the charge failed after the sale, which was undone.
    #[schema(schema_with = card_payment_states)]
    state: &'static str,
    /// Whether the money is in the wallet: of a top-up, and of a charge that came too late for what it was to pay.
    in_wallet: bool,
    /// When it began.
    began_at: Timestamp,
}

impl From<&CardPayment> for CardPaymentOut {
    fn from(payment: &CardPayment) -> Self {
        let (reservation, order) = payment.purpose.purchase();
        Self {
            card_payment_id: payment.id.0,
            reservation_id: reservation.map(|id| id.0),
            order_id: order.map(|id| id.0),
            amount: payment.amount.get(),
            refunded: payment.refunded,
            currency: payment.currency.clone(),
            state: payment.state.as_str(),
            in_wallet: payment.in_wallet,
            began_at: payment.began_at,
        }
    }
}
