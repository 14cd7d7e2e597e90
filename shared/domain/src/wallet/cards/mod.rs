//! Money that comes in by card: how a payment is authorised, becomes a sale, and is captured; and how it goes back.

pub mod card_payment;
pub mod card_refund;
pub mod payout;
pub mod reconciliation;
