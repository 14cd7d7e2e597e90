//! Payments.

mod cancel_payment;
mod confirm_card_payment;
mod edges;
mod free;
mod get_payment;
mod pay;
mod pay_order;
mod receive_card_report;
mod settle_card_payments;
mod start_card_payment;
mod sweep_card_payments;

/// An id that nothing has.
const NOBODY: &str = "0193a000-0000-7000-8000-00000000dead";
