//! Orders: what may be ordered, and what an account has not paid yet.

pub mod order;
pub mod place;
pub mod unpaid;
