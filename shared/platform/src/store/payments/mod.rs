//! Payments of reservations and orders, and what is given back of them.

pub(crate) mod guard;
pub(crate) mod item;
pub mod pay;
pub mod pay_order;
pub mod refund;
