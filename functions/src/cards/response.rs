use jiff::Timestamp;
use onsale_domain::wallet::cards::card_payment::{CardPayment, CardPaymentState};
use onsale_platform::http::openapi::one_of;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// The states of a card payment.
fn states() -> Object {
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
    #[schema(schema_with = states)]
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
