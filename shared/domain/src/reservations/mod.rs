//! Reservations: holding seats, and what becomes of a hold.

pub mod best;
pub mod codes;
pub mod hold;
pub mod log;
pub mod reservation;
