//! Orders: what may be ordered, with which coupon, and what an account has not paid yet.

pub mod coupon;
pub mod order;
pub mod place;
pub mod unpaid;
