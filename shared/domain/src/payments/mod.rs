//! What reservations and orders have in common: both are held for a while, and then paid or lost.

pub mod lapses;
pub mod purchase;
