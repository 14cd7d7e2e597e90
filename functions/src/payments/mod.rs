//! Payments of reservations and orders.

mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod cancel_payment;
pub mod get_payment;
pub mod pay;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /payments: pays a reservation or an order from the caller's wallet.
    ("pay", Function::Http(|| routes!(pay::pay))),
    // GET /payments/{payment_id}: one of the caller's payments.
    ("get_payment", Function::Http(|| routes!(get_payment::get_payment))),
    // POST /payments/{payment_id}/cancel: gives a payment back, and with it what was bought.
    ("cancel_payment", Function::Http(|| routes!(cancel_payment::cancel_payment))),
];
