//! Card payments, from the buyer's browser to the provider and back.

mod capacity;
mod confirm_card_payment;
mod faults;
mod receive_card_report;
mod reconcile;
mod refunds;
mod settle_card_payments;
mod start_card_payment;
mod start_meanwhile;
mod sweep_card_payments;
