//! Payments of reservations.

use onsale_platform::lambda::Function;

pub mod get_payment;
pub mod pay;
mod shown;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /payments: pays a reservation from the caller's wallet.
    ("pay", Function::Http(pay::routes)),
    // GET /payments/{payment_id}: one of the caller's payments.
    ("get_payment", Function::Http(get_payment::routes)),
];
