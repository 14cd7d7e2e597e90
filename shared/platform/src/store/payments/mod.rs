//! Payments of reservations and orders, and what is given back of them.

pub mod cancel_failure;
pub(crate) mod guard;
pub(crate) mod item;
pub mod pay;
mod pay_order;
mod pay_reservation;
pub mod refund;
