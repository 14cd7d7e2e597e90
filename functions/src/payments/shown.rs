use jiff::Timestamp;
use onsale_domain::money::CURRENCY;
use onsale_domain::reservation::{Payment, Reservation};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentOut {
    /// `rsv-<reservation id>`.
    payment_id: String,
    reservation_id: Uuid,
    /// What was paid, in minor units.
    amount: i64,
    /// What of it was given back.
    refunded: i64,
    currency: &'static str,
    /// `completed`.
    state: &'static str,
    paid_at: Timestamp,
}

impl PaymentOut {
    /// The payment of a reservation.
    pub fn new(reservation: &Reservation, payment: &Payment) -> Self {
        Self {
            payment_id: reservation.payment_id(),
            reservation_id: reservation.id,
            amount: payment.amount,
            refunded: payment.refunded,
            currency: CURRENCY,
            state: "completed",
            paid_at: payment.paid_at,
        }
    }
}
