//! Purchases, which reservations and orders are: both are held for a while, and then paid or lost.

pub mod lapses;
pub mod purchase;
