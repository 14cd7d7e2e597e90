//! Seats: made, seen, locked and unlocked.

mod create_seats;
mod get_seat;
mod hold_seat;
mod list_seats;
mod release_seat;

/// An id that nothing has.
const NOBODY: &str = "0193a000-0000-7000-8000-00000000dead";
