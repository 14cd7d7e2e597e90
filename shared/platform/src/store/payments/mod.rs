//! Payments of reservations and orders, and what is given back of them.

pub mod pay;
pub mod pay_order;
pub mod refund;
