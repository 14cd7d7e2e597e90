//! Reservations: groups of held seats, read, given back and ended.

mod best;
mod cancel_reservation;
mod cancel_ticket;
mod create_reservation;
mod get_reservation;
mod get_ticket;
mod hoarding;
mod list_reservations;
mod log;
mod run_expiry;

/// An id that nothing has.
const NOBODY: &str = "0193a000-0000-7000-8000-00000000dead";
