//! Payments of reservations and orders.

mod response;

use onsale_platform::lambda::Function;

pub mod cancel_payment;
pub mod get_payment;
pub mod pay;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /payments: pays a reservation or an order from the caller's wallet.
    ("pay", Function::Http(pay::routes)),
    // GET /payments/{payment_id}: one of the caller's payments.
    ("get_payment", Function::Http(get_payment::routes)),
    // POST /payments/{payment_id}/cancel: gives a payment back, and with it what was bought.
    ("cancel_payment", Function::Http(cancel_payment::routes)),
];
