//! Payments.

mod cancel_payment;
mod edges;
mod free;
mod get_payment;
mod pay;
mod pay_order;

/// An id that nothing has.
const NOBODY: &str = "0193a000-0000-7000-8000-00000000dead";
