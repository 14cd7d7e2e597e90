//! Payments of reservations and orders, and what is given back of them.

pub mod pay;
mod pay_order;
pub(crate) mod pay_reservation;
pub mod refund;
