//! Payments of reservations and orders: from the wallet, or by a card. Buyers begin and confirm card payments, the
//! payment provider reports of them, and sweeps carry them on until they are at rest.

mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod cancel_payment;
pub mod confirm_card_payment;
pub mod get_payment;
pub mod pay;
pub mod receive_card_report;
pub mod settle_card_payments;
pub mod start_card_payment;
pub mod sweep_card_payments;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /payments: pays a reservation or an order from the caller's wallet.
    ("pay", Function::Http(|| routes!(pay::pay))),
    // GET /payments/{payment_id}: one of the caller's payments.
    ("get_payment", Function::Http(|| routes!(get_payment::get_payment))),
    // POST /payments/{payment_id}/cancel: gives a payment back, and with it what was bought.
    ("cancel_payment", Function::Http(|| routes!(cancel_payment::cancel_payment))),
    // POST /card-payments: begins a card payment of a reservation, an order or a top-up.
    ("start_card_payment", Function::Http(|| routes!(start_card_payment::start_card_payment))),
    // POST /card-payments/{card_payment_id}/confirmation: carries on one that its buyer has authorised.
    ("confirm_card_payment", Function::Http(|| routes!(confirm_card_payment::confirm_card_payment))),
    // POST /card-reports: takes what the payment provider reports.
    ("receive_card_report", Function::Http(|| routes!(receive_card_report::receive_card_report))),
    // Queue cards: captures, gives up and refunds at the payment provider.
    ("settle_card_payments", Function::Event(settle_card_payments::handler)),
    // Every minute at :00: carries on what nobody has carried on.
    ("sweep_card_payments", Function::Event(sweep_card_payments::handler)),
];
